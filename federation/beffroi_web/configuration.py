# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading settings, the same way for town and nation: from one TOML file and the environment.

Each application knows its own settings and what they must be; how a value is read, where it comes
from and how a refusal is told is shared here.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from beffroi_web.sign_in.settings import ProviderSettings, parse_providers


class SettingsRefused(Exception):
    """The settings cannot be used; `faults` says everything that is wrong with them."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("the settings cannot be used:\n" + "\n".join(f"  - {f}" for f in faults))
        self.faults = faults


def words(value: Any) -> tuple[str, ...]:
    """Return a list, or the words of a text parted by spaces and commas."""
    if isinstance(value, str):
        return tuple(w for w in re.split(r"[\s,]+", value) if w)
    return tuple(str(w) for w in value)


def flag(value: Any) -> bool:
    """Return a yes or a no, however it is spelt; ValueError for anything else."""
    if isinstance(value, bool):
        return value
    if str(value).lower() in {"1", "true", "yes", "on"}:
        return True
    if str(value).lower() in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("it is yes or no")


def providers(value: Any) -> tuple[ProviderSettings, ...]:
    """Return the sign-in providers of a table, or of the same as JSON text."""
    return parse_providers(json.loads(value) if isinstance(value, str) else value)


def gather(
    environ: Mapping[str, str],
    prefix: str,
    *,
    others: tuple[str, ...] = (),
    own: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return what is given under a prefix, by lower-case name, the environment winning.

    `<prefix>CONFIG` may name one TOML file with the same names. Names that begin with one of
    `others` belong to somebody else, but for those in `own`. Raises SettingsRefused for a file that
    cannot be read.
    """
    given: dict[str, Any] = {}
    config = prefix + "CONFIG"
    file = environ.get(config)
    if file:
        try:
            given.update(tomllib.loads(Path(file).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:  # not there; not TOML; not UTF-8
            raise SettingsRefused([f"{config} names {file}: {error}"]) from error
    for key, value in environ.items():
        if not key.startswith(prefix) or key == config:
            continue
        if key in own or not key.startswith(others):
            given[key.removeprefix(prefix).lower()] = value
    return given

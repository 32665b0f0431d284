# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of documentation say what the code does."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from beffroi_web.sign_in import decidim, description, driver, oidc, tokens
from beffroi_web.sign_in.settings import ProviderSettings, parse_providers

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "sign-in.md").read_text(encoding="utf-8")
HOW_TO = (DOCS / "how-to" / "sign-in-provider.md").read_text(encoding="utf-8")


def test_every_setting_is_in_the_reference_and_no_other() -> None:
    table = REFERENCE.split("## Settings of a provider")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)
    assert sorted(documented) == sorted(f.name for f in fields(ProviderSettings) if f.name != "key")


def test_every_word_of_failure_is_in_the_reference() -> None:
    sources = [
        Path(str(module.__file__)).read_text(encoding="utf-8")
        for module in (decidim, description, driver, oidc, tokens)
    ]
    told = set(re.findall(r"""(?:_fail|_blame|AnswerRefused)\(\s*"([^"]+)""", "\n".join(sources)))
    assert len(told) > 15
    for word in told:
        prefix = next(
            (p for p in ("id-token-", "userinfo-", "discovery-", "token-") if word.startswith(p)),
            "",
        )
        wanted = f"`{word}`" if not prefix else f"`{prefix}…`"
        assert wanted in REFERENCE or (word.startswith("keys-") and "`keys-…`" in REFERENCE), word


def test_every_example_can_be_used() -> None:
    examples = re.findall(r"```toml\n(.*?)```", HOW_TO, flags=re.DOTALL)
    assert len(examples) == 5
    tables = tomllib.loads(examples[0] + examples[4] + "".join(examples[1:4]))
    for name in ("franceconnect", "proconnect"):
        tables["providers"][name]["issuer"] = f"https://{name}.example/api/v2"
    keys = [provider.key for provider in parse_providers(tables["providers"])]
    assert keys == ["mairie", "franceconnect", "proconnect", "decidim"]


def test_every_test_that_the_reference_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", REFERENCE))
    sources = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert len(named) > 20
    assert named <= set(re.findall(r"^def (test_\w+)", sources, flags=re.MULTILINE))

# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a check of an installation found, in a sentence each, and how it is said on a terminal."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

State = Literal["ok", "warning", "fault"]
MARKS: dict[State, str] = {"ok": "✓", "warning": "!", "fault": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is, and what to do where it is not well."""

    about: str
    state: State
    sentence: str
    remedy: str = ""


def good(about: str, sentence: str) -> Finding:
    """Return a finding of something that is well."""
    return Finding(about, "ok", sentence)


def doubtful(about: str, sentence: str, remedy: str) -> Finding:
    """Return a finding of something that works, and may not for long."""
    return Finding(about, "warning", sentence, remedy)


def wrong(about: str, sentence: str, remedy: str) -> Finding:
    """Return a finding of something that does not work."""
    return Finding(about, "fault", sentence, remedy)


def lines(findings: Iterable[Finding]) -> Sequence[str]:
    """Return findings as a terminal shows them, what to do under what is."""
    told = []
    for one in findings:
        told.append(f"{MARKS[one.state]} {one.about}: {one.sentence}")
        if one.remedy:
            told.append(f"    → {one.remedy}")
    return told


def as_rows(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Return findings for JSON."""
    return [asdict(one) for one in findings]


def exit_code(findings: Iterable[Finding]) -> int:
    """Return 0 where nothing is at fault, else 1; a warning is no fault."""
    return int(any(one.state == "fault" for one in findings))

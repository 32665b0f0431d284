# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose turn it is in a request: the institution's, its author's, the CADA's, nobody's.

Plain Python, from the timetable of the legal clock: what is owed, and what can be done, today.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from beffroi.legal.clock import Step, Timetable
from beffroi_web.words import N_

WHO_WORDS: Mapping[str, str] = {
    "town": N_("the institution"),
    "you": N_("you can:"),
    "cada": N_("the CADA"),
    "nobody": N_("nobody"),
}

WHAT_WORDS: Mapping[str, str] = {
    "answer": N_("answers"),
    "answer_late": N_("answers: the delay has passed, which the law takes for a refusal"),
    "answer_without_day": N_("answers; the law gives no day"),
    "confirmation": N_("takes the refusal back, or silence confirms it"),
    "confirmation_late": N_("has let silence confirm the refusal; it can still answer"),
    "tell_cada": N_("tells the CADA what it will do"),
    "tell_cada_late": N_("tells the CADA what it will do: the delay has passed"),
    "opinion": N_("gives its opinion"),
    "over": N_("Nothing more is expected."),
}
"""What people read of a duty; what they can do themselves is said by the rule pack."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that is expected. `what` is a code of `WHAT_WORDS`, or the pack says it (`says`).

    `on` is the last day for it, None where the law sets none; `late`: that day has passed.
    """

    who: str
    what: str
    says: Mapping[str, str]
    on: date | None
    article: str
    late: bool


def turns(table: Timetable | None, *, is_open: bool, today: date) -> tuple[Turn, ...]:
    """Return what is expected of whom in a request today; duties first, then rights.

    `table` is None where no clock was wound here. There is always at least one.
    """
    found: list[Turn] = []
    if table is not None:
        found += [_duty(step, today) for step in table.duties(today)]
        if _awaits_opinion(table, today):
            found.append(Turn("cada", "opinion", {}, None, "", False))
        found += [_right(step) for step in table.options(today)]
    if found:
        return tuple(found)
    who, what = ("town", "answer_without_day") if is_open else ("nobody", "over")
    return (Turn(who, what, {}, None, "", False),)


def _duty(step: Step, today: date) -> Turn:
    late = step.day is not None and today >= step.day
    what = f"{step.delay.code}_late" if late else step.delay.code
    return Turn("town", what, step.delay.says, step.day, step.delay.rule.article, late)


def _right(step: Step) -> Turn:
    return Turn("you", "", step.delay.says, step.day, step.delay.rule.article, False)


def _awaits_opinion(table: Timetable, today: date) -> bool:
    events = {code for code, day in table.events.items() if day <= today}
    return "cada_registered" in events and not events & {"cada_opinion", "answered"}

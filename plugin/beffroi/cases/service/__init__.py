# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs on a case: each changes tables, appends to the timeline, tells what happened. None commits.

The moment, the actor and chance are arguments. Rules decide; these modules carry out. What other
features call is named here; the rest of a verb stands in its module.
"""

from beffroi.cases.service.answering import Answer, answer, gate_answer
from beffroi.cases.service.backing import comment, follow, support, unfollow
from beffroi.cases.service.bringing import (
    BroughtAnswer,
    BroughtCase,
    BroughtText,
    import_answer,
    import_answers,
    import_cases,
    waiting,
)
from beffroi.cases.service.desk import add_department, assign, give_to, keep_department, note
from beffroi.cases.service.erasing import forget_followers, forget_parties
from beffroi.cases.service.opening import NewCase, open_case
from beffroi.cases.service.parties import (
    new_parties,
    new_party,
    party_at_desk,
    party_for_account,
    party_for_email,
)
from beffroi.cases.service.references import new_reference, next_reference
from beffroi.cases.service.releasing import (
    hold_case,
    hold_text,
    release_text,
    remove_case,
    take_off,
)
from beffroi.cases.service.steps import (
    add_text,
    case_by_id,
    gate,
    index,
    move,
    public_changed,
    step,
    the_case,
    the_text,
)

__all__ = [
    "Answer",
    "BroughtAnswer",
    "BroughtCase",
    "BroughtText",
    "NewCase",
    "add_department",
    "add_text",
    "answer",
    "assign",
    "case_by_id",
    "comment",
    "follow",
    "forget_followers",
    "forget_parties",
    "gate",
    "gate_answer",
    "give_to",
    "hold_case",
    "hold_text",
    "import_answer",
    "import_answers",
    "import_cases",
    "index",
    "keep_department",
    "move",
    "new_parties",
    "new_party",
    "new_reference",
    "next_reference",
    "note",
    "open_case",
    "party_at_desk",
    "party_for_account",
    "party_for_email",
    "public_changed",
    "release_text",
    "remove_case",
    "step",
    "support",
    "take_off",
    "the_case",
    "the_text",
    "unfollow",
    "waiting",
]

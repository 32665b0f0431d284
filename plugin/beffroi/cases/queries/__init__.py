# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of cases. Whatever is named `public_…` or `card…` gives public text only.

On the town's own pages (`public_texts`, `public_timeline`, `card_select`, the search) that is what
an agent released and what was shown by itself; in everything else (`public_words`, `words_by_case`:
API, mail, records) what an agent released, and nothing more.

Originals are read by `originals` and `review` (for agents), by `own_texts` and `persons.texts_by`
(for their author) and by `persons.texts_of_case` (to be kept apart); nothing else in the town
selects that column.
"""

from beffroi.cases.queries.desk import (
    author,
    confidential,
    department_addresses,
    departments,
    desk_counts,
    desk_kind,
    desk_narrow,
    desk_select,
    desk_timeline,
    ids_of,
    is_confidential,
    notes,
    open_among,
    originals,
    originals_of,
)
from beffroi.cases.queries.keeping import erased, released_words, stored_names
from beffroi.cases.queries.lists import SORTS, Page, Sort, Statement, among, by_ids, page, place
from beffroi.cases.queries.parties import (
    Recipient,
    cases_of,
    followed_by,
    follower,
    own_texts,
    party_of_account,
    readers,
    recipients,
    supported_by,
)
from beffroi.cases.queries.public import (
    CaseHead,
    PublicAnswer,
    PublicStep,
    answers_by_case,
    card_select,
    first_public_day,
    head,
    head_by_id,
    public_answers,
    public_refs,
    public_texts,
    public_timeline,
    public_words,
    reuses_by_case,
    totals,
    words_by_case,
)

__all__ = [
    "SORTS",
    "CaseHead",
    "Page",
    "PublicAnswer",
    "PublicStep",
    "Recipient",
    "Sort",
    "Statement",
    "among",
    "answers_by_case",
    "author",
    "by_ids",
    "card_select",
    "cases_of",
    "confidential",
    "department_addresses",
    "departments",
    "desk_counts",
    "desk_kind",
    "desk_narrow",
    "desk_select",
    "desk_timeline",
    "erased",
    "first_public_day",
    "followed_by",
    "follower",
    "head",
    "head_by_id",
    "ids_of",
    "is_confidential",
    "notes",
    "open_among",
    "originals",
    "originals_of",
    "own_texts",
    "page",
    "party_of_account",
    "place",
    "public_answers",
    "public_refs",
    "public_texts",
    "public_timeline",
    "public_words",
    "readers",
    "recipients",
    "released_words",
    "reuses_by_case",
    "stored_names",
    "supported_by",
    "totals",
    "words_by_case",
]

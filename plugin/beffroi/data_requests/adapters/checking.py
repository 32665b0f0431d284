# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every reader makes its rows with: a request that fits, or a ValueError that says what not.

Sentences name the field, never its words: they are printed and kept, and a cell may hold anything.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from beffroi.cases.rules import REQUEST_CLOSED, REQUEST_STATUSES, TEXT_LIMITS
from beffroi.data_requests.rules import OBJECTS, OUTCOMES, STATUS_OF_OUTCOME, THEMES
from beffroi.data_requests.service import ImportedRequest
from beffroi.texts.rules import NO_LISTS, still_personal
from beffroi_privacy.known import find_known
from beffroi_privacy.masking import mask
from beffroi_privacy.normalise import normalise
from beffroi_privacy.spans import Span

YEARS = range(1990, 2100)
"""What may be the year of a request: published files have 1301 and 3101 where a day was meant."""

NO_WORDS: Mapping[str, str] = {
    "fr": "Cette demande a reçu sa réponse avant d’être reprise ici ; les mots de la réponse"
    " n’ont pas été repris.",
    "en": "This request was answered before it was brought here; the words of the answer were not"
    " brought along.",
}
"""What stands for an answer whose words the file has not: none closes without a word."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_FORMULA = re.compile(r"\s*(?:[=@]|[+\-][^\s(!|]*[(!|])")
_SOURCE = re.compile(r"[a-z]+:[\w.:/#°-]+(?: [\w.:/#°-]+)*")
_QUARTER = re.compile(r"20\d\d-Q[1-4]")


def words_of(value: object, field: str, most: int | None = None) -> str:
    """Return a text, stripped; raise ValueError for what no text of ours may be."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{field}: a text was expected")
    most = most or TEXT_LIMITS.get(field, 200)
    if len(value) > most + 1000:  # before anything looks at each character of it
        raise ValueError(f"{field}: {len(value)} characters, at most {most} are taken")
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError(f"{field}: bytes that are not of the file's encoding")
    if _UNFIT.search(text):
        raise ValueError(f"{field}: a control character (NUL or the like)")
    if _FORMULA.match(text):
        raise ValueError(f"{field}: it begins like a formula of a spreadsheet")
    if len(text) > most:
        raise ValueError(f"{field}: {len(text)} characters, at most {most} are taken")
    return text


def cut(text: str, most: int) -> str:
    """Return a text in one line, cut at a word and marked where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 2].rsplit(" ", 1)[0] + " …"


def authors_of(row: Mapping[str, Any]) -> list[str]:
    """Return what a record says of who wrote it, to be masked in the texts and not kept."""
    user = row.get("user")
    keys = ("display_name", "fullname", "name", "email", "user_name", "url_name")
    found = [user] if isinstance(user, str) else []
    for place in (row, user):
        if isinstance(place, dict):
            names = keys if place is user else ("user_name", "external_user_name", "request_email")
            found += [v for key in names if isinstance(v := place.get(key), str)]
    return [one[:200] for one in found]


def without(authors: Sequence[str], text: str) -> str:
    """Return a text in which its author's names and addresses are masked: they are not kept."""
    known = [one for one in authors if one.strip()]
    if not known or not text:
        return text
    copy = normalise(text)
    spans, _ = find_known(copy.text, known)
    return mask(text, [Span(*copy.original(s.start, s.end), s.label) for s in spans])


def moment(text: str, form: str | None = None, *, field: str = "received") -> datetime:
    """Return the moment in a text: by `form`, or ISO, or a French day; UTC where no zone is given.

    A day without an hour is ten o'clock, so that it is the same day everywhere in France.
    """
    given = text.strip()
    try:
        if form is not None:
            found = datetime.strptime(given, form)  # noqa: DTZ007 - the zone is added below
        elif given[2:3] == "/":
            found = datetime.strptime(given, "%d/%m/%Y")  # noqa: DTZ007
        else:
            found = datetime.fromisoformat(given)
        bare = "%H" not in form if form else len(given) == 10
        if bare:
            found = found.replace(hour=10)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{field}: not a day or a moment in the form expected") from error
    if found.year not in YEARS:
        raise ValueError(f"{field}: an impossible year")
    return found


def _decided(status: str, outcome: str | None) -> tuple[str, str | None]:
    """Return status and outcome that belong together; either may be told by the other."""
    if outcome is None:
        outcome = status if status in STATUS_OF_OUTCOME else None
    elif outcome not in OUTCOMES:
        raise ValueError(f"outcome: none of {', '.join(OUTCOMES)}")
    elif status != "open" and status != STATUS_OF_OUTCOME[outcome]:
        raise ValueError("status and outcome: they do not belong together")
    if outcome == "duplicate":
        raise ValueError("outcome: what a duplicate repeats is not brought in; say what came of it")
    return (STATUS_OF_OUTCOME[outcome] if outcome else status), outcome


def _check_codes(row: ImportedRequest) -> None:
    if not _SOURCE.fullmatch(row.source) or len(row.source) > 120:
        raise ValueError("id: letters, figures, spaces and . / : # - only, at most about 70")
    for field, code, allowed in (
        ("object", row.object, OBJECTS),
        ("theme", row.theme, {None, *THEMES}),
        ("status", row.status, REQUEST_STATUSES),
    ):
        if code not in allowed:
            raise ValueError(f"{field}: none of {', '.join(a for a in allowed if a)}")
    if not re.fullmatch("[a-z]{2}", row.lang):
        raise ValueError("language: two small letters were expected, such as fr")


def _check_answer(row: ImportedRequest) -> None:
    answered = row.outcome is not None or row.status in REQUEST_CLOSED
    if answered and row.closed_on is None:
        raise ValueError("answered: it is closed or planned, and the day of that is missing")
    if row.closed_on is not None and row.closed_on < row.received_at.date():
        raise ValueError("answered: a day before the request was received")
    if row.outcome == "planned" and not _QUARTER.fullmatch(row.planned):
        raise ValueError("planned: a quarter is owed, such as 2027-Q1")
    if row.url and not (row.url.startswith("https://") and "@" not in row.url):
        raise ValueError("url: it starts with https:// and holds no user name")
    if row.url and still_personal(row.url, NO_LISTS):
        raise ValueError("url: it holds a personal detail")


def checked(
    *,
    source: str,
    title: str,
    wanted: str,
    received_at: datetime,
    lang: str,
    official: bool,
    object: str = "dataset",
    theme: str | None = None,
    status: str = "open",
    outcome: str | None = None,
    decision: str = "",
    answered_on: date | None = None,
    url: str = "",
    planned: str = "",
    authors: Sequence[str] = (),
) -> ImportedRequest:
    """Return a request that fits; raise ValueError with the first thing that does not."""
    status, outcome = _decided(status, outcome)
    title = " ".join(words_of(title, "title").split())
    if not title:
        raise ValueError("title: it is empty")
    decision = words_of(decision, "answer")
    if outcome and not decision:
        decision = NO_WORDS.get(lang, NO_WORDS["en"])
    row = ImportedRequest(
        source=source,
        object=object,
        title=cut(without(authors, title), TEXT_LIMITS["title"]),
        wanted=without(authors, words_of(wanted, "wanted") or title)[: TEXT_LIMITS["wanted"]],
        received_at=received_at,
        lang=lang,
        official=official,
        status=status,
        outcome=outcome,
        decision=without(authors, decision)[: TEXT_LIMITS["answer"]],
        closed_on=answered_on if outcome or status in REQUEST_CLOSED else None,
        theme=theme,
        url=words_of(url, "url", 500),
        planned=planned if outcome == "planned" else "",
    )
    _check_codes(row)
    _check_answer(row)
    return row

# SPDX-License-Identifier: AGPL-3.0-or-later
"""What services write down: one JSON object a line, with case numbers and no word of anybody.

    {"at": "2027-01-12T11:00:00.123Z", "level": "info", "from": "beffroi_web.answers",
     "said": "answered", "method": "POST", "route": "/requests/new", "status": 303,
     "case": "2027-0001", "ms": 12}

No address of a visitor, no path (links hold tokens), no query, no form. Of an exception its kind
and where it came about, never its message: that may hold what somebody wrote. Plain Python.
"""

import errno
import json
import logging
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

CASE = re.compile(r"[0-9]{4}-[0-9]{4,10}")
FIELDS = (
    "method", "route", "status", "case", "job", "attempts", "error", "trace", "ms",
    "provider", "kind", "account",
)  # fmt: skip
"""What a line may carry besides what is said."""
MOST_FRAMES = 12
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_answers = logging.getLogger("beffroi_web.answers")


class Lines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "from": record.name,
            "said": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            line |= described(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def described(error: BaseException) -> dict[str, Any]:
    """Return what may be written down of an exception: kind, system error, causes, places."""
    kinds = [_kind(one) for one in _chain(error)]
    return {"error": " < ".join(kinds), "trace": list(_places(error.__traceback__))[-MOST_FRAMES:]}


def _kind(error: BaseException) -> str:
    name = type(error).__name__
    code = errno.errorcode.get(error.errno or 0) if isinstance(error, OSError) else None
    return f"{name}({code})" if code else name


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _places(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next


class _ToStandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever is the standard error at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self.stream = sys.stderr
        super().emit(record)


def write_lines(stream: TextIO | None = None) -> None:
    """Let this process write its log as lines of JSON, on standard error if nothing else is said.

    For the door of a service: it takes the place of whatever handlers there were.
    """
    handler = _ToStandardError() if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # else each look at the schema is a line


def case_in(text: object) -> str:
    """Return a text if it is a case number, and nothing otherwise: anybody can ask anything."""
    return text if isinstance(text, str) and CASE.fullmatch(text) else ""


def case_at(location: str) -> str:
    """Return the number of the case that an answer leads to, or nothing."""
    found = re.search(rf"/(?:requests|incidents)/({CASE.pattern})(?![0-9-])", location)
    return found[1] if found else ""


def answered(method: str, route: str, status: int, *, case: str, seconds: float) -> None:
    """Write down an answer: for those that changed something (`UNSAFE`), and for faults of ours."""
    about = {"case": case} if case else {}
    _answers.log(
        logging.ERROR if status == 500 else logging.WARNING if status > 500 else logging.INFO,
        "answered",
        extra={"method": method, "route": route, "status": status, "ms": round(seconds * 1000)}
        | about,
    )

# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that people send: how large a form with files may be, and that they stay in memory.

    @blueprint.post("/incidents/new")
    @guard(PUBLIC)
    @takes_files(40 * 1_048_576)
    def submit() -> Response: ...

Every other view takes no more than `Site.max_body`. A file as it was sent may hold what its sender
does not know of, so that none is ever written to a disk by us, not even for a moment.
"""

import io
from collections.abc import Callable
from typing import IO, Any, TypeVar

from flask import Request, current_app, request

_MARK = "__beffroi_takes_files__"

View = TypeVar("View", bound=Callable[..., Any])


class MemoryRequest(Request):
    """A request whose files are kept in memory, where Werkzeug would spool them to a file."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return io.BytesIO()


def takes_files(most: int) -> Callable[[View], View]:
    """Return a decorator that lets a view take a form with files of so many bytes in all.

    What is typed beside them, and a form without files, is held to `Site.max_body` as elsewhere.
    """

    def mark(view: View) -> View:
        setattr(view, _MARK, most)
        return view

    return mark


def allow_body() -> None:
    """Let a marked view read its form with files; run before anything reads the form."""
    view = current_app.view_functions.get(request.endpoint or "")
    most = getattr(view, _MARK, None)
    if most is not None and request.mimetype == "multipart/form-data":
        request.max_content_length = most

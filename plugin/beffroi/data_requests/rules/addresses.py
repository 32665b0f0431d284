# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which addresses pages may lead to. Plain Python."""

LONGEST = 500
"""As in records: `docs/protocol/records.md`."""


def is_web_address(text: str) -> bool:
    """Say whether a text is an address that pages may lead to: https, no user name, no blanks."""
    rest = text.removeprefix("https://")
    plain = len(text) <= LONGEST and text.isprintable() and " " not in text
    return plain and rest != text and "." in rest.split("/")[0] and "@" not in text

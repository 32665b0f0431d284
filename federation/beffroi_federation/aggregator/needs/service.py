# SPDX-License-Identifier: AGPL-3.0-or-later
"""A curator names who holds a theme; each naming is kept."""

from datetime import datetime

from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.needs.models import HolderEvent, ThemeHolder
from beffroi_federation.aggregator.needs.rules import LONGEST_HOLDER, LONGEST_REASON
from beffroi_web.errors import Invalid
from beffroi_web.words import N_


def name_holder(
    theme: str, *, holder_fr: str, holder_en: str, by: str, reason: str, now: datetime
) -> None:
    """Say who holds a theme from now on; Invalid without a French name or a reason."""
    french, english = (one.strip()[:LONGEST_HOLDER] for one in (holder_fr, holder_en))
    for field, value in (("holder_fr", french), ("reason", reason.strip())):
        if not value:
            sentence = N_("Please fill this in: everybody reads it.")
            raise Invalid(sentence, errors={field: [sentence]})
    db.session.merge(ThemeHolder(theme=theme, holder_fr=french, holder_en=english))
    db.session.add(
        HolderEvent(
            at=now, theme=theme, holder_fr=french, holder_en=english, by=by[:200],
            reason=reason.strip()[:LONGEST_REASON],
        )
    )  # fmt: skip

# SPDX-License-Identifier: AGPL-3.0-or-later
"""How records, figures and maps are said, in the reader's language."""

from beffroi_federation.aggregator.dashboards.service.maps import Drawn, Place, drawn
from beffroi_federation.aggregator.dashboards.service.pieces import pieces_of
from beffroi_federation.aggregator.dashboards.service.records import (
    CellView,
    cards,
    cell_views,
    period_words,
    record_url,
    supports_words,
)
from beffroi_federation.aggregator.dashboards.service.sentences import headline, said, weeks_words

__all__ = [
    "CellView",
    "Drawn",
    "Place",
    "cards",
    "cell_views",
    "drawn",
    "headline",
    "period_words",
    "pieces_of",
    "record_url",
    "said",
    "supports_words",
    "weeks_words",
]

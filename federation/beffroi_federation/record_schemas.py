# SPDX-License-Identifier: AGPL-3.0-or-later
"""The allow-list schemas of records, version 1, one class a kind.

A town writes with unknown fields refused; a nation reads with unknown fields left aside
(`beffroi_federation.records`). The same classes are published as JSON Schema
(`beffroi_federation.record_json_schema`) and told in words in `docs/protocol/records.md`.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from marshmallow import RAISE, Schema, ValidationError, validates_schema

from beffroi_federation import vocabulary as words
from beffroi_federation.record_fields import (
    PlainText,
    Shape,
    Text,
    Whole,
    Within,
    any_period,
    code,
    https_url,
    in_quarter,
    own_code,
    record_id,
    version,
    week,
)

TITLE_CHARACTERS = 200
SUMMARY_CHARACTERS = 2_000
ANSWER_CHARACTERS = 8_000
Members: TypeAlias = Mapping[str, object]  # RequestSchema has a member called `object`
MOST = 1_000_000_000  # no town counts further; keeps integers exact everywhere (RFC 8785)


class RecordSchema(Schema):
    """What all kinds share: an unknown field is refused unless the reader says otherwise."""

    class Meta:
        """Refuse what is not listed."""

        unknown = RAISE


class RequestSchema(RecordSchema):
    """A data request, made from its released texts."""

    v = version()
    kind = code(("request",))
    id = record_id()
    lang = Text(Shape(r"[a-z]{2,3}", "a language code such as fr"))
    object = code(words.OBJECTS)
    theme = code(words.THEMES)
    title = Text(PlainText(TITLE_CHARACTERS))
    summary = Text(PlainText(SUMMARY_CHARACTERS, lines=True))
    commune = Text(Shape(words.COMMUNE, "an INSEE commune code"), required=False)
    period = week()
    status = code(words.STATUSES)
    outcome = code(words.OUTCOMES, required=False)
    ground = own_code(required=False)
    answer = Text(PlainText(ANSWER_CHARACTERS, lines=True), required=False)
    answered = week(required=False)
    planned = in_quarter(required=False)
    published_url = https_url()
    supports = code(words.SUPPORT_BANDS)
    campaign = record_id(required=False)
    clock = code(words.CLOCKS)

    @validates_schema(skip_on_field_errors=True)
    def refusals_have_a_ground(self, data: Members, **kwargs: Any) -> None:
        """Refuse a refusal without its legal ground."""
        if data.get("outcome") == "refused" and "ground" not in data:
            raise ValidationError("is missing: a refusal names its legal ground", "ground")


class IncidentSummarySchema(RecordSchema):
    """One cell of protected counts: so many reports of a category, in an area and a period."""

    v = version()
    kind = code(("incident_summary",))
    family = code(words.FAMILIES)
    category = own_code()
    area = Text(
        Shape(f"(?:{words.COMMUNE}|{words.SIREN}|other)", "a commune code, a SIREN or `other`")
    )
    period = any_period()
    state = code(words.STATES)
    count = Whole(Within(words.LEAST_COUNT, MOST), required=False)
    closed = Whole(Within(words.LEAST_COUNT, MOST), required=False)
    delay = code(words.DELAY_BANDS, required=False)

    @validates_schema(skip_on_field_errors=True)
    def figures_go_with_the_state(self, data: Members, **kwargs: Any) -> None:
        """Refuse figures in a suppressed cell, and a shown cell without its count."""
        shown = data["state"] == "shown"
        if shown and "count" not in data:
            raise ValidationError("is missing: a shown cell has a count", "count")
        for name in ("count", "closed", "delay"):
            if not shown and name in data:
                raise ValidationError("stands in a suppressed cell, which has no figures", name)


class CyberIncidentSchema(RecordSchema):
    """A closed cyber incident after its embargo, in coded fields only."""

    v = version()
    kind = code(("cyber_incident",))
    id = record_id()
    incident_class = code(words.CLASSES, name="class")
    surface = code(words.SURFACES)
    impact = code(words.IMPACT_BANDS)
    duration = code(words.DURATION_BANDS)
    period = in_quarter()
    tlp = code(words.TLP)


class CampaignSchema(RecordSchema):
    """A call for requests: where it stands and how much came of it."""

    v = version()
    kind = code(("campaign",))
    id = record_id()
    period = in_quarter()
    phase = code(words.PHASES)
    requests = Whole(Within(0, MOST))
    published = Whole(Within(0, MOST))
    note_url = https_url()


SCHEMAS: Mapping[str, type[RecordSchema]] = {
    "request": RequestSchema,
    "incident_summary": IncidentSummarySchema,
    "cyber_incident": CyberIncidentSchema,
    "campaign": CampaignSchema,
}


def reasons(error: ValidationError) -> tuple[str, ...]:
    """Return one sentence a field of a validation error, sorted, without any refused value."""
    messages = error.messages_dict
    return tuple(
        f"{field}: {' '.join(str(word) for word in _flat(messages[field]))}"
        for field in sorted(messages, key=str)
    )


def _flat(messages: object) -> list[object]:
    """Return marshmallow's messages of one field as a plain list."""
    return messages if isinstance(messages, list) else [messages]

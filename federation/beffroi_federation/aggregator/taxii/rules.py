# SPDX-License-Identifier: AGPL-3.0-or-later
"""A released record as an object of STIX 2.1 and as an event of MISP. Plain Python.

Sources: STIX 2.1 (OASIS Standard, 10 June 2021), 4.6 incident, 4.5 identity, 7.2 markings; TLP 2.0
(FIRST) by its extension definition (OASIS, cti-stix-common-objects); the core format and the feed
format of MISP (draft-dulaunoy-misp-core-format). Identifiers are UUIDs of version 5 (RFC 9562),
made of the log's origin and the record's id: whoever has both can make them again.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

SPEC = "2.1"
MARKING, IDENTITY, INCIDENT = "marking-definition", "identity", "incident"
CLEAR = "94868c89-83c2-464b-929b-a1a8aa3c8487"
TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_MARKED = [f"{MARKING}--{CLEAR}"]
_TIME = "%Y-%m-%dT%H:%M:%S.%f"

CLASS_NAMES: Mapping[str, str] = {
    "abusive-content": "Abusive content",
    "malicious-code": "Malicious code",
    "information-gathering": "Information gathering",
    "intrusion-attempts": "Intrusion attempts",
    "intrusions": "Intrusion",
    "availability": "Availability",
    "information-content-security": "Security of information",
    "fraud": "Fraud",
    "vulnerable": "Vulnerability",
    "other": "Other incident",
}
"""Names of the classes of RSIT, as titles."""
THREAT: Mapping[str, str] = {"severe": "1", "major": "2", "minor": "3", "none": "4"}
"""Levels of threat of MISP by our bands of impact."""


def uuid_of(origin: str, record_id: str) -> str:
    """Return the UUID of a record of a log."""
    return str(uuid5(NAMESPACE_URL, f"{origin}#{record_id}"))


def uuid_of_town(siren: str) -> str:
    """Return the UUID of a public body."""
    return str(uuid5(NAMESPACE_URL, f"siren:{siren}"))


def collection_id(public_url: str, tlp: str) -> str:
    """Return the identifier of the collection of one level of TLP at one aggregator."""
    return str(uuid5(NAMESPACE_URL, f"{public_url}/taxii2/{tlp}"))


def version(moment: datetime) -> str:
    """Return a moment as a version of STIX: UTC, milliseconds."""
    return moment.astimezone(UTC).strftime(_TIME)[:-3] + "Z"


def added(moment: datetime) -> str:
    """Return a moment as TAXII says when something was added: UTC, microseconds."""
    return moment.astimezone(UTC).strftime(_TIME) + "Z"


def whole(moment: datetime) -> datetime:
    """Return a moment in whole milliseconds."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def marking() -> dict[str, Any]:
    """Return the marking definition of TLP:CLEAR, as it was published."""
    return {
        "type": MARKING,
        "spec_version": SPEC,
        "id": _MARKED[0],
        "created": "2022-10-01T00:00:00.000Z",
        "name": "TLP:CLEAR",
        "extensions": {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": "clear"}},
    }


def identity(uuid: str, name: str, siren: str, created: str) -> dict[str, Any]:
    """Return a public body."""
    return {
        "type": IDENTITY,
        "spec_version": SPEC,
        "id": f"{IDENTITY}--{uuid}",
        "created": created,
        "modified": created,
        "name": name,
        "identity_class": "organization",
        "sectors": ["government-local"],
        "external_references": [{"source_name": "SIREN", "external_id": siren}],
        "object_marking_refs": _MARKED,
    }


def title(known: Mapping[str, Any]) -> str:
    """Return a record in a line."""
    name = CLASS_NAMES.get(known["class"], known["class"])
    return f"{name}, {known['surface'].replace('_', ' ')}, {known['period']}"


def tags(known: Mapping[str, Any]) -> list[str]:
    """Return the codes of a record as machine tags."""
    return [f"rsit:{known['class']}"] + [
        f'beffroi:{name}="{known[name]}"' for name in ("surface", "impact", "duration", "period")
    ]


def incident(
    uuid: str, by: str, created: str, modified: str, known: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return a record as an incident; None for `known` is one that was withdrawn: `revoked`."""
    said = {
        "type": INCIDENT,
        "spec_version": SPEC,
        "id": f"{INCIDENT}--{uuid}",
        "created_by_ref": f"{IDENTITY}--{by}",
        "created": created,
        "modified": modified,
        "object_marking_refs": _MARKED,
    }
    if known is None:
        return said | {"name": "Withdrawn by its institution", "revoked": True}
    return said | {"name": title(known), "labels": tags(known)}


# ---- MISP ----------------------------------------------------------------------------------------


def quarter_begins(period: str) -> str:
    """Return the first day of a quarter such as `2027-Q1`."""
    return f"{period[:4]}-{int(period[6]) * 3 - 2:02d}-01"


def event(uuid: str, by: str, town: str, modified: datetime, known: Mapping[str, Any]) -> Any:
    """Return a record as an event of MISP, published to everybody."""
    at = str(int(modified.timestamp()))
    attributes = [
        {
            "uuid": str(uuid5(NAMESPACE_URL, f"{uuid}#{name}")),
            "type": "text",
            "category": "Other",
            "value": known[name],
            "comment": name,
            "to_ids": False,
            "disable_correlation": True,
            "distribution": "5",
            "timestamp": at,
        }
        for name in ("class", "surface", "impact", "duration", "period")
    ]
    head = manifest_entry(by, town, modified, known)
    more = {
        "uuid": uuid,
        "published": True,
        "publish_timestamp": at,
        "distribution": "3",
        "Attribute": attributes,
    }
    return {"Event": head | more}


def manifest_entry(
    by: str, town: str, modified: datetime, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the feed's manifest says of an event."""
    return {
        "Orgc": {"name": town, "uuid": by},
        "Tag": [{"name": "tlp:clear", "colour": "#ffffff"}, {"name": f"rsit:{known['class']}"}],
        "info": title(known),
        "date": quarter_begins(known["period"]),
        "analysis": "2",
        "threat_level_id": THREAT[known["impact"]],
        "timestamp": str(int(modified.timestamp())),
    }


def hashes(uuid: str, known: Mapping[str, Any]) -> list[str]:
    """Return the lines of `hashes.csv` of an event: the MD5 of each value, as the format asks."""
    return [
        f"{hashlib.md5(known[name].encode(), usedforsecurity=False).hexdigest()},{uuid}"
        for name in ("class", "surface", "impact", "duration", "period")
    ]


def after(last: datetime, number: int) -> datetime:
    """Return the moment of the n-th row that is added after another: each has its own."""
    return last + timedelta(microseconds=number)

# SPDX-License-Identifier: AGPL-3.0-or-later
"""A case as an event of MISP: the JSON of its core format.

Source: MISP core format (draft-dulaunoy-misp-core-format), sections 2.2 to 2.8; tags of the
taxonomies `tlp` (version with TLP 2.0) and `rsit`. Nothing is flagged for detection but the
addresses that a citizen says are fraudulent.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from beffroi.handover.rules import Dossier, rsit_tag

THREAT: Mapping[str, str] = {"severe": "1", "critical": "1", "high": "1", "major": "1",
                             "medium": "2", "moderate": "2", "low": "3", "minor": "3"}  # fmt: skip
"""Levels of threat of MISP (1 high, 2 medium, 3 low, 4 undefined) by severity."""
ONGOING, COMPLETE = "1", "2"
FRAUD = frozenset({"fake_page", "phishing"})
ONLY_YOUR_ORGANISATION = "0"


def event(dossier: Dossier) -> dict[str, Any]:
    """Return the event; identifiers are the same in every hand-over of the case."""
    file, at = dossier.file, str(int(dossier.made_at.timestamp()))
    tags = [f"tlp:{file.tlp.lower()}"]
    rsit = rsit_tag(file.rsit)
    if rsit is not None:
        tags.append(rsit)
    body = {
        "uuid": str(dossier.uuid("misp")),
        "info": f"{file.ref} – {file.site or file.category}",
        "date": (file.happened_on or file.opened_at.date()).isoformat(),
        "timestamp": at,
        "publish_timestamp": "0",
        "published": False,
        "threat_level_id": THREAT.get(file.severity, "4"),
        "analysis": COMPLETE if file.closed_on else ONGOING,
        "distribution": ONLY_YOUR_ORGANISATION,
        "Orgc": {"name": dossier.sender.name, "uuid": str(dossier.uuid_of_sender())},
        "Tag": [{"name": name} for name in tags],
        "Attribute": _attributes(dossier, at),
    }
    return {"Event": body}


def _attributes(dossier: Dossier, at: str) -> list[dict[str, Any]]:
    file = dossier.file
    said: list[tuple[str, str, str, str, dict[str, Any]]] = [
        ("Internal reference", "text", file.ref, "case at the institution", {}),
    ]
    if file.site:
        kind = "url" if "://" in file.site else "hostname"
        said.append(("Network activity", kind, file.site, "public site concerned", {}))
    fraud = file.category in FRAUD
    for address in file.addresses:
        kind = "url" if "://" in address else "text"
        more = {"to_ids": fraud and kind == "url"}
        said.append(("Network activity", kind, address, "address named by who reported", more))
    if file.words:
        said.append(("External analysis", "text", file.words, "words of who reported", {}))
    for step in file.steps:
        when = step.at.isoformat(timespec="seconds")
        said.append(("Internal reference", "comment", f"{when} {step.said}", "timeline", {}))
    for one in file.evidence:
        picture = dossier.pictures.get(one.stored_name)
        if picture is None:
            said.append(("External analysis", "sha256", one.sha256, one.name, {}))
            continue
        data = {"data": b64encode(picture).decode("ascii")}
        said.append(("External analysis", "attachment", one.name, f"sha256 {one.sha256}", data))
    return [
        {
            "uuid": str(dossier.uuid("misp", category, kind, value)),
            "category": category,
            "type": kind,
            "value": value,
            "comment": comment,
            "to_ids": False,
            "distribution": "5",
            "timestamp": at,
        }
        | more
        for category, kind, value, comment, more in said
    ]


def written(dossier: Dossier) -> bytes:
    """Return the event as JSON in UTF-8."""
    return json.dumps(event(dossier), ensure_ascii=False, indent=1).encode()

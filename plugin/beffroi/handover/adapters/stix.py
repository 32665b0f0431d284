# SPDX-License-Identifier: AGPL-3.0-or-later
"""A case as a bundle of STIX 2.1, made and checked by the library `stix2`.

Source: STIX 2.1 (OASIS Standard, 10 June 2021): 4.6 incident, 4.8 infrastructure, 4.13 note, 7.2
data markings; TLP 2.0 by its extension definition (OASIS, cti-stix-common-objects). The library
takes a third of a second to load, which only who makes a file waits for.
"""

from datetime import datetime
from typing import Any

from beffroi.handover.rules import TLP, TLP_EXTENSION, Dossier, rsit_tag

TLP_CREATED = "2022-10-01T00:00:00.000Z"
FRAUD = frozenset({"fake_page", "phishing"})
NAMES = {
    "defaced": "Defaced public page",
    "fake_page": "Page that pretends to be a public body's",
    "phishing": "Phishing in the name of a public body",
    "data_visible": "Personal data exposed",
    "down": "Public site unavailable",
    "weakness": "Reported weakness",
}


def marking(tlp: str) -> dict[str, Any]:
    """Return the published marking definition of a level of TLP 2.0."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{TLP[tlp]}",
        "created": TLP_CREATED,
        "name": f"TLP:{tlp}",
        "extensions": {
            TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp.lower()}
        },
    }


class _Maker:
    """Makes the objects of one case; each has the same identifier in every hand-over."""

    def __init__(self, dossier: Dossier) -> None:
        file = dossier.file
        self._dossier = dossier
        self.sender = f"identity--{dossier.uuid_of_sender()}"
        self._common = {
            "created": file.opened_at,
            "modified": max(file.opened_at, dossier.made_at),
            "created_by_ref": self.sender,
            "object_marking_refs": [f"marking-definition--{TLP[file.tlp]}"],
        }

    def id(self, kind: str, *what: str) -> str:
        return f"{kind}--{self._dossier.uuid('stix', kind, *what)}"

    def identity(self) -> Any:
        from stix2.v21 import Identity

        said = self._dossier.sender
        common = {k: v for k, v in self._common.items() if k != "created_by_ref"}
        return Identity(
            id=self.sender, name=said.name, identity_class="organization",
            sectors=["government-local"], contact_information=said.contact or None,
            external_references=[{"source_name": "SIREN", "external_id": said.siren}], **common,
        )  # fmt: skip

    def incident(self) -> Any:
        from stix2.v21 import Incident

        file = self._dossier.file
        labels = [tag for tag in (rsit_tag(file.rsit),) if tag]
        references = [{"source_name": self._dossier.sender.name, "external_id": file.ref}]
        return Incident(
            id=self.id("incident"), name=NAMES.get(file.category, file.category),
            description=_summary(self._dossier), labels=labels or None,
            external_references=references, **self._common,
        )  # fmt: skip

    def infrastructure(self) -> list[Any]:
        """Return the site concerned and the addresses named, and what ties them together."""
        from stix2.v21 import URL, Infrastructure, Relationship

        file = self._dossier.file
        fraud = file.category in FRAUD
        addresses = [one for one in file.addresses if "://" in one]
        made: list[Any] = []
        site = Infrastructure(
            id=self.id("infrastructure", "site"), name=file.site or "Public site not named",
            infrastructure_types=["unknown"], description="Public site concerned", **self._common,
        )  # fmt: skip
        ends = [("related-to", self.id("incident"), site.id)]
        made.append(site)
        if addresses:
            kind = "phishing" if fraud else "unknown"
            named = Infrastructure(
                id=self.id("infrastructure", "named"), name="Addresses named by who reported",
                infrastructure_types=[kind], **self._common,
            )  # fmt: skip
            made.append(named)
            ends.append(("related-to", self.id("incident"), named.id))
            marked = self._common["object_marking_refs"]
            for address in dict.fromkeys(addresses):
                url = URL(value=address, object_marking_refs=marked)
                made.append(url)
                ends.append(("consists-of", named.id, url.id))
        return made + [
            Relationship(
                id=self.id("relationship", word, source, target), relationship_type=word,
                source_ref=source, target_ref=target, **self._common,
            )
            for word, source, target in ends
        ]  # fmt: skip

    def notes(self) -> list[Any]:
        """Return what was said, what was done, and the evidence that there is."""
        from stix2.v21 import Note

        file = self._dossier.file
        steps = "\n".join(f"{_at(step.at)} {step.said}" for step in file.steps)
        evidence = "\n".join(f"{one.name} sha256:{one.sha256}" for one in file.evidence)
        said = [("report", "Words of who reported", file.words), ("timeline", "Timeline", steps),
                ("evidence", "Evidence, held by the institution", evidence)]  # fmt: skip
        return [
            Note(
                id=self.id("note", name), abstract=title, content=words,
                object_refs=[self.id("incident")], **self._common,
            )
            for name, title, words in said
            if words
        ]  # fmt: skip


def _at(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _summary(dossier: Dossier) -> str:
    file = dossier.file
    said = [f"Severity: {file.severity}.", f"Reported on {file.opened_at.date().isoformat()}."]
    if file.personal_data:
        said.append("Personal data may be concerned.")
    if file.embargo_until:
        said.append(f"Embargo until {_at(file.embargo_until)} ({file.embargo_zone}).")
    return " ".join(said)


def bundle(dossier: Dossier) -> Any:
    """Return the bundle of a case, a `stix2.v21.Bundle`."""
    from stix2 import parse
    from stix2.v21 import Bundle

    maker = _Maker(dossier)
    parts = [
        parse(marking(dossier.file.tlp), version="2.1", allow_custom=True),
        maker.identity(), maker.incident(), *maker.infrastructure(), *maker.notes(),
    ]  # fmt: skip
    said = dossier.uuid("stix", "bundle", _at(dossier.made_at))
    return Bundle(id=f"bundle--{said}", objects=parts, allow_custom=True)


def written(dossier: Dossier) -> bytes:
    """Return the bundle as JSON in UTF-8."""
    text: str = bundle(dossier).serialize(pretty=True, ensure_ascii=False)
    return text.encode()


def objects(dossier: Dossier) -> bytes:
    """Return the objects of a case as an envelope of TAXII 2.1 (section 3.7)."""
    import json

    made = json.loads(bundle(dossier).serialize())["objects"]
    return json.dumps({"objects": made}, ensure_ascii=False).encode()

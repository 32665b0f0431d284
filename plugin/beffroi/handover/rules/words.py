# SPDX-License-Identifier: AGPL-3.0-or-later
"""A case in words for a person at the CERT, who reads French: blocks that a PDF is made of."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from beffroi.cyber.rules import Contact, Step
from beffroi.cyber.rules.sites import defanged
from beffroi.data_requests.rules.cada import Block, day
from beffroi.handover.rules import Dossier, rsit_tag

SEEN: Mapping[str, str] = {
    "defaced": "Une page a été modifiée",
    "fake_page": "Une page se fait passer pour la collectivité",
    "phishing": "Un message ou une page demande de l’argent ou des mots de passe",
    "data_visible": "Des données personnelles sont visibles",
    "down": "Un site public est hors service",
    "weakness": "Une faille a été signalée",
}
SEVERITY: Mapping[str, str] = {
    "none": "sans effet", "minor": "mineure", "low": "faible", "medium": "moyenne",
    "moderate": "moyenne", "major": "majeure", "high": "élevée", "severe": "grave",
    "critical": "critique",
}  # fmt: skip
ROLES: Mapping[str, str] = {"host": "Hébergeur", "csirt": "CSIRT", "body": "Autre organisme"}


STEPS: Mapping[str, str] = {
    "received": "Signalement reçu",
    "taken": "Pris en charge",
    "classified": "Classé",
    "embargo": "Embargo fixé",
    "readers": "Liste des lecteurs modifiée",
    "noted": "Note",
    "told": "Organisme prévenu",
    "answered": "Réponse d’un organisme",
    "clock": "Un délai légal a commencé",
    "met": "Fait dans le délai",
    "late": "Fait après le délai",
    "dropped": "Un délai ne s’applique pas",
    "over": "Un délai est dépassé",
    "written": "Message de l’auteur du signalement",
    "replied": "Réponse à l’auteur du signalement",
    "closed": "Clos",
    "reopened": "Rouvert",
    "handed": "Remis au CERT",
    "cert_received": "Reçu par le CERT",
    "cert_answered": "Réponse du CERT",
    "release": "Enregistrement public autorisé",
    "released": "Enregistrement public fait",
    "kept": "Plus d’enregistrement public",
    "withdrawn": "Enregistrement public retiré",
}
"""What each step is called, by its code (`cyber.rules.STEPS`); its words follow."""


def _moment(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(local.date())} à {local:%H:%M} ({zone})"


def blocks(dossier: Dossier, zone: str) -> list[Block]:
    """Return the file's blocks, times in a zone (IANA); addresses cannot be opened by mistake."""
    file, sender = dossier.file, dossier.sender
    made = [
        Block("title", f"TLP:{file.tlp} – Signalement {file.ref} remis au CERT"),
        Block("text", f"{sender.name} (SIREN {sender.siren}), {sender.url}"),
        Block("text", f"Établi le {_moment(dossier.made_at, zone)}."),
        Block("heading", "En bref"),
        Block("items", items=tuple(_facts(dossier, zone))),
    ]
    if file.words:
        made += [
            Block("heading", "Ce qui a été signalé"),
            Block("quote", defanged(file.words)),
        ]
    if file.addresses:
        made += [
            Block("heading", "Adresses citées (rendues inactives)"),
            Block("items", items=tuple(defanged(one) for one in file.addresses)),
        ]
    if file.steps:
        lines = tuple(f"{_moment(step.at, zone)} : {_done(step)}" for step in file.steps)
        made += [Block("heading", "Ce qui a été fait"), Block("items", items=lines)]
    if file.contacts:
        lines = tuple(_contact(one, zone) for one in file.contacts)
        made += [Block("heading", "Organismes prévenus"), Block("items", items=lines)]
    return made + _evidence(dossier)


def _done(step: Step) -> str:
    said = STEPS.get(step.code, step.code)
    return " : ".join(part for part in (said, defanged(step.words)) if part)


def _facts(dossier: Dossier, zone: str) -> list[str]:
    file = dossier.file
    said = [
        f"Constat : {SEEN.get(file.category, file.category)}",
        f"Site public concerné : {defanged(file.site) if file.site else 'non précisé'}",
        f"Classe RSIT : {rsit_tag(file.rsit) or 'non classé'}",
        f"Gravité : {SEVERITY.get(file.severity, file.severity)}",
        f"Données personnelles concernées : {'oui, peut-être' if file.personal_data else 'non'}",
        f"Reçu le {_moment(file.opened_at, zone)}",
    ]
    if file.happened_on:
        said.append(f"Constaté le {day(file.happened_on)}")
    if file.closed_on:
        said.append(f"Clos le {day(file.closed_on)}")
    if file.embargo_until:
        said.append(f"Sous embargo jusqu’au {_moment(file.embargo_until, file.embargo_zone)}")
    if dossier.sender.contact:
        said.append(f"Contact : {dossier.sender.contact}")
    return said


def _contact(one: Contact, zone: str) -> str:
    said = f"{ROLES.get(one.role, one.role)} : {one.name}"
    said += f", {one.address}" if one.address else ""
    if one.told_at is None:
        return f"{said} – pas encore prévenu"
    said += f" – prévenu le {_moment(one.told_at, zone)}"
    if one.answered_at is None:
        return f"{said}, sans réponse"
    return f"{said}, réponse le {_moment(one.answered_at, zone)}"


def _evidence(dossier: Dossier) -> list[Block]:
    made = []
    for one in dossier.file.evidence:
        made.append(Block("text", f"{one.name} – SHA-256 {one.sha256}"))
        if one.stored_name in dossier.pictures:
            made.append(Block("picture", one.stored_name))
        else:
            made.append(
                Block("text", "Trop lourde pour ce fichier ; à demander à la collectivité.")
            )
    return [Block("heading", "Pièces"), *made] if made else []

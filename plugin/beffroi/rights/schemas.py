# SPDX-License-Identifier: AGPL-3.0-or-later
"""The file with everything about a person: its schema, its readable page, and how it is packed.

`docs/reference/personal-archive.md` says what each member means (a test compares).
"""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime

from flask import current_app
from flask_babel import format_date
from marshmallow import Schema, fields

from beffroi.cases import rules as case_rules
from beffroi.data_requests import rules as request_rules
from beffroi.incidents import rules as incident_rules
from beffroi.kernel.errors import Invalid
from beffroi.rights import rules
from beffroi.rights.service.archive import Everything
from beffroi_web.words import N_


def _text(*, required: bool = True) -> fields.String:
    return fields.String(required=required, allow_none=True)


class TownPart(Schema):
    """Which town it is."""

    name = fields.String(required=True)
    siren = fields.String(required=True)


class AccountPart(Schema):
    """The account, and who it is at the sign-in provider."""

    id = fields.Integer(required=True)
    issuer = _text()
    subject = _text()
    display_name = _text()
    email = _text()
    email_verified = fields.Boolean(required=True)
    lang = _text()
    created = _text()
    seen = _text()
    corrected_name = _text()
    corrected_email = _text()
    pending_email = _text()
    warned_at = _text()


class SessionPart(Schema):
    """One place where the account is signed in."""

    provider = _text()
    created = _text()
    seen = _text()
    ends = _text()


class SignInPart(Schema):
    """Another way in, added by the person."""

    issuer = _text()
    subject = _text()
    linked = _text()


class RolePart(Schema):
    """A role that the account holds."""

    provider = _text()
    role = _text()
    source = _text()
    granted = _text()


class PartyPart(Schema):
    """Who cases come from: the account, or the same confirmed address without one."""

    kind = _text()
    name = _text()
    email = _text()
    postal = _text()
    organisation = _text()
    lang = _text()
    created_at = _text()


class TextPart(Schema):
    """A text in its two forms."""

    role = _text()
    original = _text()
    public = _text()
    state = _text()
    version = fields.Integer(required=True)
    written_at = _text()
    released_at = _text()


class CommentPart(TextPart):
    """A comment on a case of somebody else's."""

    ref = _text()
    kind = _text()


class DecisionPart(Schema):
    """An official answer."""

    outcome = _text()
    words = _text()
    ground = _text()
    url = _text()
    planned = _text()
    duplicate_of = _text()
    at = _text()
    licence = _text()
    swhid = _text()
    redirected_to = _text()


class AskedPart(Schema):
    """What was answered to a further question of a report's category."""

    code = _text()
    value = _text()
    public = fields.Boolean(required=True)


class ClockPart(Schema):
    """What the legal clock of a request follows from, or what came of itself."""

    code = _text()
    on = _text()
    of_itself = fields.Boolean(required=True)
    remedies = fields.Boolean(required=True)
    number = _text()
    meaning = _text()
    words = _text()


class CasePart(Schema):
    """A request or a report with its texts and decisions."""

    ref = _text()
    kind = _text()
    status = _text()
    open = fields.Boolean(required=True)
    visibility = _text()
    channel = _text()
    lang = _text()
    commune = _text()
    received_on = _text()
    received_at = _text()
    changed_at = _text()
    due_on = _text()
    closed_on = _text()
    supports = fields.Integer(required=True)
    sensitive = fields.Boolean(required=True)
    codes = fields.Dict(required=True)
    texts = fields.List(fields.Nested(TextPart), required=True)
    decisions = fields.List(fields.Nested(DecisionPart), required=True)
    clock = fields.List(fields.Nested(ClockPart), required=True)
    position = fields.List(fields.Float(), required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    answers = fields.List(fields.Nested(AskedPart), required=True)


class SupportPart(Schema):
    """A support that was given."""

    ref = _text()
    kind = _text()
    at = _text()


class FollowPart(Schema):
    """A case that is or was followed."""

    ref = _text()
    kind = _text()
    since = _text()
    ended_at = _text()


class SubscriptionPart(Schema):
    """A theme, or all of the town, that is or was followed."""

    theme = _text()
    since = _text()
    ended_at = _text()


class DigestPart(Schema):
    """A message of the day about themes or the town that was sent, or waits to be."""

    day = _text()
    message_id = _text()
    made_at = _text()
    sent_at = _text()


class ToConfirmPart(Schema):
    """A theme, or the town, to be followed once the address is confirmed."""

    made_at = _text()
    theme = _text()
    lang = _text()


class SeriesPart(Schema):
    """A series of campaigns that is or was followed."""

    titles = fields.Dict(required=True)
    since = _text()
    ended_at = _text()


class VotePart(Schema):
    """A choice in a survey that is not counted yet."""

    ref = _text()
    campaign = _text()
    choice = fields.Integer(required=True)
    at = _text()


class JoinedPart(Schema):
    """An own request that belongs to a campaign, and the association by which it came."""

    ref = _text()
    campaign = _text()
    association = _text()


class AnnouncementPart(Schema):
    """An announcement that was sent, or waits to be."""

    campaign = _text()
    step = _text()
    message_id = _text()
    made_at = _text()
    sent_at = _text()


class CampaignsPart(Schema):
    """What the person did in campaigns."""

    follows = fields.List(fields.Nested(SeriesPart), required=True)
    votes = fields.List(fields.Nested(VotePart), required=True)
    requests = fields.List(fields.Nested(JoinedPart), required=True)
    mail = fields.List(fields.Nested(AnnouncementPart), required=True)


class QuestionPart(Schema):
    """A question: whether to stand behind the case that a supported or followed one repeats."""

    ref = _text()
    other = _text()
    made_at = _text()
    said = _text()
    said_at = _text()


class StepPart(Schema):
    """A step of an own case, or something that the person did."""

    ref = _text()
    at = _text()
    step = _text()
    voice = _text()
    codes = fields.Dict(required=True)
    own = fields.Boolean(required=True)


class MessagePart(Schema):
    """A message that was sent, or waits to be."""

    ref = _text()
    step = _text()
    message_id = _text()
    made_at = _text()
    sent_at = _text()


class FilePart(Schema):
    """A file of an own case; `name` is where it lies in the archive."""

    name = _text()
    ref = _text()
    kind = _text()
    state = _text()
    sha256 = _text()


class WaitingPart(Schema):
    """A request whose address was not confirmed yet."""

    made_at = _text()
    form = fields.Dict(required=True)
    lang = _text()


class KeptPart(Schema):
    """That something withdrawn is kept apart, and until when."""

    ref = _text()
    reason = _text()
    ends_on = _text()
    made_at = _text()


class ArchivePart(Schema):
    """A file like this one that was asked for."""

    asked_at = _text()
    ends_at = _text()
    size = fields.Integer(required=True, allow_none=True)
    lang = _text()


class ExportPart(Schema):
    """A time that a file like this one was fetched."""

    kind = _text()
    size = fields.Integer(required=True)
    at = _text()


class FilterPart(Schema):
    """A filter of the desk that an agent gave a name."""

    name = _text()
    query = _text()
    made_at = _text()


class PassedPart(Schema):
    """A report of theirs that another body is competent for."""

    ref = _text()
    body = _text()
    sent_at = _text()
    agreed_at = _text()
    answered_at = _text()


class ReaderPart(Schema):
    """A confidential case on whose list the account stands, for the institution."""

    ref = _text()
    added_at = _text()


class ProgramPart(Schema):
    """A program that acts for the person by a token."""

    name = _text()
    scopes = _text()
    made_at = _text()
    ends_at = _text()
    used_on = _text()


class ActPart(Schema):
    """Something that the account did for the institution."""

    at = _text()
    act = _text()
    on = _text()


class ArchiveSchema(Schema):
    """`data.json`, version 1; moments and days in ISO 8601."""

    version = fields.Integer(required=True)
    town = fields.Nested(TownPart, required=True)
    made_at = fields.String(required=True)
    account = fields.Nested(AccountPart, required=True)
    sessions = fields.List(fields.Nested(SessionPart), required=True)
    programs = fields.List(fields.Nested(ProgramPart), required=True)
    sign_ins = fields.List(fields.Nested(SignInPart), required=True)
    roles = fields.List(fields.Nested(RolePart), required=True)
    parties = fields.List(fields.Nested(PartyPart), required=True)
    cases = fields.List(fields.Nested(CasePart), required=True)
    comments = fields.List(fields.Nested(CommentPart), required=True)
    supports = fields.List(fields.Nested(SupportPart), required=True)
    questions = fields.List(fields.Nested(QuestionPart), required=True)
    follows = fields.List(fields.Nested(FollowPart), required=True)
    subscriptions = fields.List(fields.Nested(SubscriptionPart), required=True)
    campaigns = fields.Nested(CampaignsPart, required=True)
    timeline = fields.List(fields.Nested(StepPart), required=True)
    mail = fields.List(fields.Nested(MessagePart), required=True)
    digests = fields.List(fields.Nested(DigestPart), required=True)
    receipts = fields.List(fields.String(), required=True)
    files = fields.List(fields.Nested(FilePart), required=True)
    waiting = fields.List(fields.Nested(WaitingPart), required=True)
    to_confirm = fields.List(fields.Nested(ToConfirmPart), required=True)
    kept_apart = fields.List(fields.Nested(KeptPart), required=True)
    archives = fields.List(fields.Nested(ArchivePart), required=True)
    confidential_cases = fields.List(fields.Nested(ReaderPart), required=True)
    acts = fields.List(fields.Nested(ActPart), required=True)
    exports = fields.List(fields.Nested(ExportPart), required=True)
    filters = fields.List(fields.Nested(FilterPart), required=True)
    passed_on = fields.List(fields.Nested(PassedPart), required=True)


KIND_WORDS: Mapping[str, str] = {
    case_rules.DATA_REQUEST: N_("Data request"),
    case_rules.STREET: N_("Street"),
    case_rules.CYBER: N_("Public sites"),
}


def _day(moment: str | None) -> str:
    """Return the day of a moment in words; nothing for none."""
    return str(format_date(date.fromisoformat(moment[:10]), "long")) if moment else ""


def readable(everything: Everything, lang: str) -> str:
    """Return the document as one page that needs nothing beside it, in the current language.

    `lang` is that language's code. It is rendered without Flask's own context, which the worker
    does not have.
    """
    return current_app.jinja_env.get_template("rights/archive.html").render(
        data=everything.document,
        lang=lang,
        day=_day,
        kinds=KIND_WORDS,
        statuses=case_rules.STATUS_WORDS,
        roles=case_rules.ROLE_WORDS,
        steps=case_rules.STEP_WORDS,
        legal_events=request_rules.LEGAL_EVENTS,
        outcomes={**request_rules.OUTCOMES, **incident_rules.OUTCOMES},
        reasons=rules.REASONS,
    )


def packed(everything: Everything, page: str, file: Callable[[str], bytes] | None) -> bytes:
    """Return the archive (ZIP): `data.json`, `index.html`, receipts, files of the own cases.

    `file` gives the bytes of a stored name. Invalid if the document does not fit its own schema:
    what nobody has described is not handed out.
    """
    faults = ArchiveSchema().validate(everything.document)
    if faults:
        raise Invalid(N_("The file could not be made."), errors={"data": [str(faults)[:300]]})
    at = datetime.fromisoformat(everything.document["made_at"]).timetuple()[:6]
    members: dict[str, bytes] = {
        "data.json": json.dumps(everything.document, ensure_ascii=False, indent=1).encode(),
        "index.html": page.encode(),
        **everything.receipts,
    }
    for name, stored in everything.stored.items():
        with suppress(FileNotFoundError):  # erased a moment ago
            if file is not None:
                members[name] = file(stored)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, at), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()

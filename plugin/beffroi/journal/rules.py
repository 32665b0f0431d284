# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an act is called, and what is kept of it. Plain Python."""

import re
from collections.abc import Mapping
from datetime import timedelta

from beffroi_web.words import N_

KEPT = timedelta(days=365)
"""How long a line is kept: six months to a year (CNIL, deliberation 2021-122 on logging)."""
UNWRITTEN = frozenset({"cyber.act", "handover.hand_over", "handover.answer", "handover.receipt"})
"""Acts on confidential cases: that there is one is known to those on its list alone, who have the
log of the case. A line here would tell everybody else."""

ACTS: Mapping[str, str] = {
    "dashboards.api_move": N_("moved a case on"),
    "open311_desk.make": N_("made a key for another application"),
    "open311_desk.revoke": N_("ended the key of another application"),
    "bridges.add": N_("tried or connected a source on another site"),
    "bridges.credentials": N_("kept or destroyed credentials of a source"),
    "bridges.end": N_("ended a source on another site"),
    "bridges.decide": N_("decided on words of another site"),
    "bridges.stand_beside": N_("put a proposal beside a request"),
    "bridges.read_now": N_("had a source read"),
    "bridges.new_secret": N_("made a secret for a source"),
    "bridges.send": N_("answered on another site"),
    "campaigns.desk_associate": N_("named an association of a campaign"),
    "campaigns.desk_dissociate": N_("took an association off a campaign"),
    "campaigns.desk_attach": N_("attached requests to a campaign"),
    "campaigns.desk_meet": N_("announced a meeting"),
    "campaigns.desk_cancel": N_("cancelled a meeting"),
    "campaigns.desk_write": N_("wrote the note of a campaign"),
    "campaigns.desk_sort": N_("sorted requests of a campaign"),
    "campaigns.desk_sort_rest": N_("sorted the rest of a campaign"),
    "campaigns.desk_take_over": N_("took a campaign over"),
    "campaigns.desk_make": N_("made a series of campaigns"),
    "campaigns.desk_change": N_("changed a series of campaigns"),
    "dashboards.answer": N_("gave an official answer"),
    "cases.assign": N_("gave a case to somebody"),
    "dashboards.name_body": N_("named the body that is competent"),
    "dashboards.classify": N_("classified a case"),
    "dashboards.write_down": N_("wrote something down on the legal clock"),
    "dashboards.decide_draft": N_("decided on a prepared answer"),
    "cases.move": N_("moved a case on"),
    "cases.note": N_("wrote a note"),
    "dashboards.pass_on": N_("passed a case on"),
    "moderation.hold_photo": N_("held a photo back"),
    "dashboards.release_photo": N_("released a photo"),
    "moderation.remove": N_("removed a case"),
    "moderation.hold": N_("held a text back"),
    "dashboards.release": N_("released a text"),
    "dashboards.take_up": N_("took a case up"),
    "dashboards.tell": N_("told how a case goes on"),
    "catalogue.add": N_("connected a catalogue"),
    "catalogue.end": N_("ended a catalogue"),
    "cyber.declare": N_("declared a public site"),
    "cyber.undeclare": N_("took a public site off the list"),
    "cases.add_department": N_("added a department"),
    "embedding_desk.colour": N_("chose the colour of the pages"),
    "street.keep_area": N_("kept an area"),
    "street.drop_area": N_("removed an area"),
    "street.many": N_("acted on several reports"),
    "street.set_place": N_("set the place of a report"),
    "street.keep_body": N_("kept a competent body"),
    "street.drop_body": N_("removed a competent body"),
    "street.keep_delays": N_("set the delays of reports"),
    "street.keep_department": N_("set a department for reports"),
    "street.keep_filter": N_("kept a filter"),
    "street.drop_filter": N_("removed a filter"),
    "street.keep_rule": N_("made a routing rule"),
    "street.change_rule": N_("changed a routing rule"),
    "street.take_file": N_("took a file of routing rules"),
    "street.route_all": N_("had open reports routed"),
    "street.try_all": N_("tried the routing rules"),
    "moderation.add_words": N_("added to the lists of words"),
    "moderation.remove_words": N_("took off the lists of words"),
    "incidents.add_question": N_("added a question to the form"),
    "incidents.retire_question": N_("retired a question of the form"),
    "dashboards.desk_submit": N_("entered a request for somebody"),
    "dashboards.keep_template": N_("kept an answer template"),
    "dashboards.remove_template": N_("removed an answer template"),
    "moderation.decide": N_("decided on a text"),
    "webhooks.make": N_("added a webhook"),
    "webhooks.change": N_("changed a webhook"),
    "webhooks.resend": N_("had a message of a webhook sent again"),
    "agents.add": N_("gave a role"),
    "agents.remove": N_("took a role away"),
    "accounts.find": N_("looked an account up"),
    "accounts.end_sessions": N_("ended the sessions of an account"),
    "appeal.send": N_("appealed to the aggregator"),
    "secret.reseal": N_("sealed secrets anew"),
    "openpgp.rotate": N_("changed the key that signs mail to the CERT"),
}
"""Every act that changes something for the institution: its view or command, and its words."""

WAYS: Mapping[str, str] = {
    "page": N_("on a page"),
    "token": N_("by a program"),
    "command": N_("at the machine"),
}

_STEPS = ("step", "say", "verb")
_CODE = re.compile(r"[a-z_]{1,20}")


def done_on(where: Mapping[str, object], form: Mapping[str, str]) -> str:
    """Return what a line says of the thing: references, numbers, a step; never a word of text."""
    said = [str(where["ref"])] if "ref" in where else []
    said += [f"{name} {value}" for name, value in sorted(where.items()) if name != "ref"]
    said += [form[name] for name in _STEPS if _CODE.fullmatch(form.get(name, ""))]
    return " · ".join(said)[:200]

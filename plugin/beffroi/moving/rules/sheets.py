# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sheets of an export: what an office opens, with references in place of numbers of rows.

Each is one statement that reads the same on SQLite and on PostgreSQL. The words are those of the
tables, in full in `tables/`; in a sheet an apostrophe stands before what a spreadsheet would run.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of comma-separated values: its name, what it holds, and where that is read."""

    name: str
    about: str
    statement: str


SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "cases",
        "one line a case: what it is, where it stands, its dates, who it comes from (`people`)",
        "SELECT c.ref, c.kind, c.status, c.visibility, c.channel, c.lang, c.commune, c.party_id,"
        " d.name AS department, c.received_on, c.due_on, c.closed_on, c.supports, r.object,"
        " r.theme, r.organisation, i.family, i.category, i.happened_on"
        ' FROM "case" c LEFT JOIN department d ON d.id = c.department_id'
        " LEFT JOIN data_request r ON r.case_id = c.id"
        " LEFT JOIN incident i ON i.case_id = c.id ORDER BY c.id",
    ),
    Sheet(
        "texts",
        "one line a text, comments and answers too: as it was written, and as everyone may read it",
        "SELECT c.ref, t.role, t.lang, t.state, t.original, t.public, t.voice, t.party_id,"
        ' t.written_at, t.released_at FROM case_text t JOIN "case" c ON c.id = t.case_id'
        " ORDER BY t.id",
    ),
    Sheet(
        "answers",
        "one line an official answer: outcome, ground, address, licence; its words are in `texts`",
        "SELECT c.ref, a.outcome, a.ground, a.url, a.planned, o.ref AS duplicate_of, a.licence,"
        " a.swhid, a.redirected_to, a.answered_at"
        ' FROM official_answer a JOIN "case" c ON c.id = a.case_id'
        ' LEFT JOIN "case" o ON o.id = a.duplicate_of ORDER BY a.id',
    ),
    Sheet(
        "timeline",
        "one line a step of a case, public or not",
        "SELECT c.ref, t.at, t.step, t.voice, t.public, t.account_id"
        ' FROM timeline t JOIN "case" c ON c.id = t.case_id ORDER BY t.id',
    ),
    Sheet(
        "legal-events",
        "one line an event of the legal clock",
        "SELECT c.ref, e.code, e.on_day, e.of_itself, e.number, e.meaning, e.words, e.at"
        ' FROM legal_event e JOIN "case" c ON c.id = e.case_id ORDER BY e.id',
    ),
    Sheet(
        "people",
        "one line a person that something comes from, with everything known of them",
        "SELECT p.id AS party_id, p.kind, p.name, p.email, p.postal, p.organisation, p.lang,"
        " p.created_at, a.issuer, a.subject FROM party p LEFT JOIN account a ON a.id = p.account_id"
        " ORDER BY p.id",
    ),
    Sheet(
        "accounts",
        "one line an account: which provider, under which subject",
        "SELECT id AS account_id, issuer, subject, display_name, email, lang, created, seen"
        " FROM account ORDER BY id",
    ),
    Sheet(
        "roles",
        "one line a role that was given",
        "SELECT provider, subject, email, role, source, granted FROM role_grant ORDER BY id",
    ),
    Sheet(
        "supports",
        "one line a support",
        'SELECT c.ref, s.party_id, s.at FROM support s JOIN "case" c ON c.id = s.case_id'
        " ORDER BY s.id",
    ),
    Sheet(
        "followers",
        "one line a person that is told of a case",
        "SELECT c.ref, f.party_id, f.since, f.ended_at"
        ' FROM follower f JOIN "case" c ON c.id = f.case_id ORDER BY f.id',
    ),
    Sheet(
        "files",
        "one line an uploaded file; it lies in `files/` under its stored name",
        "SELECT c.ref, a.kind, a.state, a.stored_name, a.thumb_name, a.sha256, a.alt, a.added_at"
        ' FROM attachment a JOIN "case" c ON c.id = a.case_id ORDER BY a.id',
    ),
    Sheet(
        "campaigns",
        "one line an edition of a campaign",
        "SELECT slug, theme, phase, call_on, sorting_on, research_on, note_on, over_on"
        " FROM campaign ORDER BY id",
    ),
    Sheet(
        "words-never-masked-or-always",
        "one line a word of the town's lists",
        "SELECT kind, words, reason, added_at FROM town_word ORDER BY id",
    ),
)

BULK = (
    "service_request_id", "requested_datetime", "updated_datetime", "status", "status_notes",
    "service_name", "service_code", "description", "agency_responsible", "address", "lat", "long",
    "media_url",
)  # fmt: skip
"""Columns of the bulk file of street reports, after the (proposed) GeoReport Bulk specification."""

# SPDX-License-Identifier: AGPL-3.0-or-later
"""The usual way to list the same rows: Flask-SQLAlchemy's objects, marshmallow, pages by OFFSET.

Texts and answers of a page are loaded with it (`selectinload`), not row by row; no total is
counted. The page for people is a plain Jinja template without a frame.
"""

import os
from typing import Any

from flask import Flask, jsonify, render_template_string, request
from flask_sqlalchemy import SQLAlchemy
from marshmallow import Schema, fields
from sqlalchemy import BigInteger, Boolean, Date, DateTime, ForeignKey, Integer, String, select
from sqlalchemy.orm import joinedload, mapped_column, relationship, selectinload

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["BENCH_DB"]
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 8}
db = SQLAlchemy(app)
Model: Any = db.Model


class Case(Model):
    __tablename__ = "case"
    id = mapped_column(BigInteger, primary_key=True)
    ref = mapped_column(String)
    kind = mapped_column(String)
    status = mapped_column(String)
    open = mapped_column(Boolean)
    visibility = mapped_column(String)
    commune = mapped_column(String)
    received_on = mapped_column(Date)
    received_at = mapped_column(DateTime(timezone=True))
    due_on = mapped_column(Date)
    closed_on = mapped_column(Date)
    supports = mapped_column(Integer)
    request = relationship("DataRequest", uselist=False)
    texts = relationship("CaseText", order_by="CaseText.id")
    answers = relationship("Answer", order_by="Answer.id.desc()")

    def words(self, role: str) -> str | None:
        said = [t.public for t in self.texts if t.role == role and t.state == "released"]
        return said[-1] if said else None

    @property
    def title(self) -> str | None:
        return self.words("title")

    @property
    def wanted(self) -> str | None:
        return self.words("wanted")

    @property
    def outcome(self) -> str | None:
        return self.answers[0].outcome if self.answers else None

    @property
    def answer(self) -> str | None:
        return self.words("answer")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1/requests/{self.ref}"


class DataRequest(Model):
    __tablename__ = "data_request"
    case_id = mapped_column(ForeignKey("case.id"), primary_key=True)
    object = mapped_column(String)
    theme = mapped_column(String)


class CaseText(Model):
    __tablename__ = "case_text"
    id = mapped_column(BigInteger, primary_key=True)
    case_id = mapped_column(ForeignKey("case.id"))
    role = mapped_column(String)
    state = mapped_column(String)
    public = mapped_column(String)


class Answer(Model):
    __tablename__ = "official_answer"
    id = mapped_column(BigInteger, primary_key=True)
    case_id = mapped_column(ForeignKey("case.id"))
    outcome = mapped_column(String)


class Listed(Schema):
    ref = fields.String()
    object = fields.String(attribute="request.object")
    theme = fields.String(attribute="request.theme")
    status = fields.String()
    title = fields.String()
    wanted = fields.String()
    commune = fields.String()
    received_on = fields.Date()
    due_on = fields.Date()
    closed_on = fields.Date()
    supports = fields.Integer()
    outcome = fields.String()
    answer = fields.String()
    url = fields.String()


LISTED = Listed(many=True)
PAGE = """<!doctype html><html lang="fr"><title>Demandes</title><h1>Demandes</h1><ul>
{% for one in rows %}<li><h2><a href="/requests/{{ one.ref }}">{{ one.title }}</a></h2>
<p>{{ one.status }} · {{ one.request.object }} · {{ one.request.theme or "" }} · reçu le
{{ one.received_on }}{% if one.open and one.due_on %} · réponse le {{ one.due_on }}{% endif %}
· {{ one.supports }} personnes</p></li>{% endfor %}</ul><a href="?page={{ page + 1 }}">Suite</a>"""


def rows(limit: int) -> Any:
    page = int(request.args.get("page", 1))
    query = (
        select(Case)
        .where(Case.kind == "data_request", Case.visibility == "public")
        .options(joinedload(Case.request), selectinload(Case.texts), selectinload(Case.answers))
        .order_by(Case.received_at.desc(), Case.id.desc())
        .offset((page - 1) * limit)
        .limit(limit)
    )
    return db.session.scalars(query).all()


@app.get("/list")
def listing() -> Any:
    return jsonify({"items": LISTED.dump(rows(50))})


@app.get("/page")
def page() -> str:
    return render_template_string(PAGE, rows=rows(20), page=int(request.args.get("page", 1)))

# SPDX-License-Identifier: AGPL-3.0-or-later
"""A tiny application that shows every component and every error, for tests of the shared layer."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from flask import Flask, render_template, request
from markupsafe import Markup
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from beffroi_web.cards import Badge, CaseCard, Due
from beffroi_web.clock import FixedClock
from beffroi_web.csrf import csrf_exempt
from beffroi_web.errors import Conflict, Forbidden, Gone, Invalid, NotFound, TooMany, Unavailable
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, SIGNED_IN, guard
from beffroi_web.headers import allow_framing
from beffroi_web.limits import limit
from beffroi_web.openapi import operation
from beffroi_web.site import NavItem, Site
from beffroi_web.visitors import Visitor
from beffroi_web.wiring import init_web

MOMENT = datetime(2027, 1, 3, 9, 30, tzinfo=UTC)
PAGES = Path(__file__).parent.parent / "web" / "templates"
SITE = Site(
    name="Beffroi-sur-Seine",
    slug="guide",
    kind="town",
    public_url="http://localhost",
    secret_key="a secret of the tests alone",
    demonstration=True,
    navigation=(
        NavItem("guide", "Requests"),
        NavItem("form_page", "Reports"),
        NavItem("signed_in", "Campaigns"),
        NavItem("desk", "Statistics"),
        NavItem("desk", "The desk", roles=("agent",)),
    ),
    footer=(NavItem("guide", "How it works"), NavItem("form_page", "Privacy")),
    source_url="https://example.org/source",
)
AGENT = Visitor(7, "Camille Ory", frozenset({"agent"}), None, "session of Camille")


class WishSchema(Schema):
    """The form of the style guide."""

    kind = fields.String(required=True, validate=validate.OneOf(["dataset", "document"]))
    title = fields.String(required=True, validate=validate.Length(min=10, max=200))
    wanted = fields.String(validate=validate.Length(max=2000))
    mail = fields.Email()
    since = fields.Date()
    areas = fields.List(fields.String(validate=validate.OneOf(["north", "south"])))


class WishAnswerSchema(Schema):
    """What the API of the style guide answers."""

    reference = fields.String(required=True)


@dataclass(slots=True)
class Door:
    """Who is signed in; a test changes it."""

    visitor: Visitor | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline."""

    when: date
    who: str
    title: str
    text: Markup | None = None
    by: str = ""


def make_app(site: Site = SITE, door: Door | None = None) -> tuple[Flask, Door, FixedClock]:
    """Return a fresh application, who is at its door, and its clock."""
    app = Flask("style_guide", static_folder=None, template_folder=str(PAGES))
    at_the_door = door or Door()
    clock = FixedClock(MOMENT)
    init_web(app, site, clock=clock, visitor=lambda: at_the_door.visitor)
    _add_pages(app)
    _add_refusals(app)
    _add_api(app)
    return app, at_the_door, clock


def plain_site() -> Site:
    """Return a site without demonstration banner or navigation."""
    return replace(SITE, demonstration=False, navigation=(), footer=())


def _add_pages(app: Flask) -> None:
    @app.get("/")
    @guard(PUBLIC)
    def guide() -> str:
        return render_template("guide.html", cards=CARDS, events=EVENTS, form=Form())

    @app.route("/form", methods=["GET", "POST"])
    @guard(PUBLIC)
    def form_page() -> str | tuple[str, int]:
        if request.method == "GET":
            return render_template("form.html", form=Form(), sent=False)
        loaded, form = load(WishSchema(), request.form)
        if loaded is None:
            return render_template("form.html", form=form, sent=False), 422
        return render_template("form.html", form=Form(), sent=True)

    @app.get("/signed-in")
    @guard(SIGNED_IN)
    def signed_in() -> str:
        return render_template("form.html", form=Form(), sent=True)

    @app.get("/desk")
    @guard("agent", "moderator")
    def desk() -> str:
        return "the desk"

    @app.get("/embed")
    @guard(PUBLIC)
    def embedded() -> str:
        allow_framing("https://participer.example")
        return render_template("web/bare.html")

    @app.get("/sign-in")
    @guard(PUBLIC)
    def sign_in() -> str:
        return "the sign-in page"


def _add_refusals(app: Flask) -> None:
    @app.get("/refuse/<int:status>")
    @guard(PUBLIC)
    def refuse(status: int) -> str:
        if status == 422:
            raise Invalid("Something needs to be corrected", errors={"title": ["This is needed."]})
        kinds = {403: Forbidden, 404: NotFound, 409: Conflict, 410: Gone, 503: Unavailable}
        if status in kinds:
            raise kinds[status]("Try again in a few minutes.")
        if status == 429:
            raise TooMany("You did this many times in a short while.", seconds=30)
        raise ZeroDivisionError("a secret word of the inside")

    @app.post("/often")
    @guard(PUBLIC)
    @csrf_exempt
    @limit("2 per minute")
    def often() -> str:
        return "done"

    @app.post("/change")
    @guard(PUBLIC)
    def change() -> str:
        return "changed " + request.form.get("title", "")


def _add_api(app: Flask) -> None:
    @app.get("/api/wishes/<int:number>")
    @guard(PUBLIC)
    @operation("One wish", answers=WishAnswerSchema)
    def one_wish(number: int) -> dict[str, str]:
        if number > 99:
            raise NotFound("This page does not exist")
        return {"reference": f"2027-{number:04}"}

    @app.post("/api/wishes")
    @guard("agent")
    @operation("A new wish", takes=WishSchema, answers=WishAnswerSchema, status=201, scopes=["w"])
    def new_wish() -> Response:
        return Response('{"reference": "2027-0001"}', 201, mimetype="application/json")


CARDS = (
    CaseCard(
        "2027-0042",
        "Les comptages de vélos des bornes automatiques, heure par heure depuis 2019",
        "/cases/2027-0042",
        Badge("En cours d’examen", "waiting"),
        "Pour comparer les aménagements avant et après les travaux du boulevard, quartier par "
        "quartier, et pouvoir discuter des chiffres en conseil de quartier.",
        ("Transports", "il y a 22 jours", "34 soutiens"),
        Due("Réponse due", date(2027, 1, 12), "art. R. 311-12"),
    ),
    CaseCard(
        "2026-0980",
        "Le code source du calcul de la cotation des places en crèche",
        "/cases/2026-0980",
        Badge("Sans réponse", "late"),
        "",
        ("Éducation", "il y a 3 mois", "112 soutiens"),
        Due("Réponse due", date(2026, 12, 15), "art. R. 311-12", late=True),
    ),
    CaseCard(
        "2026-0871",
        "Menus des cantines scolaires",
        "/cases/2026-0871",
        Badge("Publié", "good"),
        "Les menus de toutes les écoles, chaque semaine.",
        ("Éducation", "il y a 5 mois", "9 soutiens"),
        mark="Déjà ouvert",
    ),
    CaseCard(
        "2026-0860",
        "Délibérations du conseil avant 1998",
        "/cases/2026-0860",
        Badge("Refusé", "closed"),
        "",
        ("Administration", "il y a 6 mois"),
    ),
)

EVENTS = (
    Event(date(2026, 12, 12), "citizen", "Demande déposée"),
    Event(date(2026, 12, 12), "system", "Accusé de réception envoyé"),
    Event(
        date(2026, 12, 20),
        "institution",
        "Transmise au service Mobilités",
        Markup("<p>Le service cherche les relevés d’avant 2021.</p>"),
        "Camille Ory, mairie",
    ),
)

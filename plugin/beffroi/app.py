# SPDX-License-Identifier: AGPL-3.0-or-later
"""create_app: the only place that wires things together."""

from collections.abc import Callable, Mapping
from functools import partial, wraps
from pathlib import Path
from typing import Any

from flask import Flask
from flask_babel import gettext
from werkzeug.middleware.proxy_fix import ProxyFix

from beffroi import __version__
from beffroi.accounts import routes as accounts
from beffroi.accounts.service import apply_corrections, make_store
from beffroi.backups.adapters import ledger
from beffroi.bridges import queries as bridged
from beffroi.bridges import routes as bridges
from beffroi.campaigns import routes as campaigns
from beffroi.campaigns.routes.shared import campaign_for, campaign_of
from beffroi.cases import routes as cases
from beffroi.cases.adapters.files import FolderStore
from beffroi.catalogue import routes as catalogue
from beffroi.catalogue.rules import HIGH_VALUE
from beffroi.config import Settings
from beffroi.cyber import routes as cyber
from beffroi.dashboards import routes as dashboards
from beffroi.data_requests import routes as data_requests
from beffroi.data_requests.routes import following, similar
from beffroi.embedding import routes as embedding
from beffroi.feed import routes as feed
from beffroi.feed.adapters.elsewhere import Elsewhere
from beffroi.feed.commands import log_facts, next_batches, origin_of
from beffroi.feed.commands.hints import KeptHints
from beffroi.feed.queries import proof_place, receipt_of
from beffroi.feed.queries.witnesses import seen_log
from beffroi.handover import routes as handover
from beffroi.incidents import routes as incidents
from beffroi.incidents.rules import questions
from beffroi.journal import routes as journal
from beffroi.kernel import look
from beffroi.kernel.bus import Handlers
from beffroi.kernel.db import db
from beffroi.kernel.extension import Extension
from beffroi.kernel.versions import READER, init_versions, token
from beffroi.legal.calendars import calendar_of
from beffroi.moderation import routes as moderation
from beffroi.open311 import routes as open311
from beffroi.open_data import routes as open_data
from beffroi.open_data.routes import report_statistics, statistics
from beffroi.rights import routes as rights
from beffroi.rights.routes.linking import LINK_PAGE
from beffroi.street import routes as street
from beffroi.street.routes.about import about as street_of
from beffroi.subscribers import HANDLERS
from beffroi.watching import routes as watching
from beffroi.webhooks import routes as webhooks
from beffroi_privacy.strong import propose
from beffroi_web.bearer import bearing
from beffroi_web.clock import Clock, SystemClock
from beffroi_web.configuration import SettingsRefused
from beffroi_web.database import engine_options, tune
from beffroi_web.early import init_early
from beffroi_web.guards import check_guards
from beffroi_web.late_rules import LateRule
from beffroi_web.limits import limit
from beffroi_web.maps import read_outline
from beffroi_web.metrics import watch
from beffroi_web.openapi import undescribed
from beffroi_web.sign_in.drivers import drivers_for
from beffroi_web.sign_in.routes import CATALOGUE, sign_in_blueprint, visitor_loader
from beffroi_web.site import NavItem, Site
from beffroi_web.wiring import init_web
from beffroi_web.words import N_

TRANSLATIONS = Path(__file__).parent / "translations"
SUBMISSIONS = (
    "data_requests.submit",
    "data_requests.api_submit",
    "incidents.submit",
    "incidents.api_submit",
    "cyber.submit",
    "cyber.write",
    "data_requests.subscribe",
    "cases.comment",
    "data_requests.offer_reuse",
    "street.said_broken",
    "street.agree",
    "street.body_answers",
    "data_requests.api_offer_reuse",
)
"""The views whose use is limited by BEFFROI_SUBMISSIONS_PER_HOUR."""

NAVIGATION = (
    NavItem("data_requests.listing", N_("Requests")),
    NavItem("incidents.listing", N_("Reports")),
    NavItem("campaigns.listing", N_("Campaigns")),
    NavItem("statistics.page", N_("Statistics")),
    NavItem("dashboards.how_it_works", N_("How it works")),
    NavItem("dashboards.desk", N_("Desk"), roles=("agent", "moderator", "access_officer")),
    NavItem("cyber.listing", N_("Confidential"), roles=("cyber_officer",)),
)
FOOTER = (
    NavItem("dashboards.how_it_works", N_("How it works")),
    NavItem("statistics.page", N_("Statistics")),
    NavItem("open_data.page", N_("Open data")),
    NavItem("dashboards.accessibility", N_("Accessibility: partly checked")),
    NavItem("dashboards.privacy", N_("Privacy")),
    NavItem("feed.identity", N_("The log's identity file")),
)


def site_of(settings: Settings) -> Site:
    """Return the site that a town's settings describe."""
    return Site(
        name=settings.name,
        slug=settings.slug,
        kind="town",
        public_url=settings.public_url,
        secret_key=settings.secret_key,
        languages=settings.languages,
        colour=settings.colour,
        logo_url=settings.logo_url or None,
        demonstration=settings.demonstration,
        navigation=NAVIGATION,
        footer=FOOTER,
        timezone=settings.time_zone,
        hsts_subdomains=settings.hsts_subdomains,
        source_url=settings.source_url or None,
    )


def _elsewhere(settings: Settings) -> Elsewhere | None:
    """Return what asks the nation for requests of other towns, where there is a nation."""
    if not settings.aggregator_url:
        return None
    agent = f"Beffroi/{__version__} ({settings.public_url})"
    return Elsewhere(settings.aggregator_url, settings.siren, user_agent=agent)


def warm() -> None:
    """Put together what each would make for itself, once for all processes that part after this."""
    propose("Une phrase.")
    calendar_of("FR")


def _status_choices(
    words: Mapping[str, tuple[str, str]], counts: Mapping[str, int]
) -> list[tuple[str, str]]:
    """Return the statuses of texts to choose from, each with how many wait where that is known."""
    chosen = [("", gettext("Anything"))]
    for code, (said, _tone) in words.items():
        count = f" ({counts[code]})" if code in counts else ""
        chosen.append((code, gettext(said) + count))
    return chosen


def _own(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view that is this application's alone: a mark on it is no mark on another town's."""

    @wraps(view)
    def own(*args: Any, **values: Any) -> Any:
        return view(*args, **values)

    return own


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    mailer: Any = None,
    handlers: Handlers | None = None,
    more_config: Mapping[str, Any] | None = None,
) -> Flask:
    """Return the town's application for checked settings. Nothing is read from the environment."""
    clock = clock or SystemClock()
    wrong = questions.read(settings.questions)[1]
    if wrong:
        raise SettingsRefused([f"BEFFROI_QUESTIONS {one}" for one in wrong])
    app = Flask("beffroi", template_folder=str(Path(__file__).parent / "templates"))
    app.url_rule_class = LateRule
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        **(more_config or {}),
    )
    site = site_of(settings)
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
        init_versions(app, db.engine)
    store = make_store(settings)
    app.extensions["beffroi"] = Extension(
        settings=settings,
        clock=clock,
        handlers=handlers if handlers is not None else HANDLERS,
        vkeys=lambda: log_facts(settings).vkeys,
        version=__version__,
        mailer=mailer,
        sign_in=store,
        proof_place=proof_place,
        receipt=lambda case, salt, said: receipt_of(case, salt, said, origin=origin_of(settings)),
        witnesses=seen_log,
        backups=partial(ledger.standing, settings.data_dir),
        elsewhere=_elsewhere(settings),
        hints=KeptHints(settings),
        campaign_of=campaign_of,
        campaign_for=campaign_for,
        next_batches=(partial(next_batches, settings) if settings.publish == "weekly" else None),
        bridged=bridged.of_case,
        beside=bridged.beside,
        linked=bridged.linked_count,
        journal=journal.write_down,
        files=FolderStore(settings.data_dir / "files"),
        archives=FolderStore(settings.data_dir / "archives"),
        outline=read_outline(settings.outline_file) if settings.outline_file else None,
    )
    init_web(
        app,
        site,
        clock=clock,
        visitor=bearing(visitor_loader(store, site, clock), accounts.holder_of),
        catalogues=(CATALOGUE, TRANSLATIONS, *settings.language_dirs),
        colour=lambda: look.worn(settings),
        counts=settings.data_dir / "counts.sqlite3",
    )
    drivers = drivers_for(settings.providers)
    app.register_blueprint(
        sign_in_blueprint(
            site, db, store, drivers, clock,
            on_signed_in=lambda signed, _: apply_corrections(signed.account_id),
            link_page=LINK_PAGE,
        )
    )  # fmt: skip
    features = (
        accounts, cases, data_requests, similar, incidents, campaigns, moderation, rights,
        dashboards, feed, street, cyber,
    )  # fmt: skip
    figures = (statistics, report_statistics)
    for feature in (*features, open_data, *figures, catalogue, open311):
        app.register_blueprint(feature.blueprint)
    app.register_blueprint(open311.desk)
    app.register_blueprint(handover.blueprint)
    app.register_blueprint(embedding.blueprint)
    app.register_blueprint(embedding.desk)
    app.register_blueprint(bridges.blueprint)
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(journal.blueprint)
    app.register_blueprint(watching.blueprint)
    for endpoint in SUBMISSIONS:
        view = _own(app.view_functions[endpoint])
        app.view_functions[endpoint] = limit(f"{settings.submissions_per_hour} per hour")(view)
    app.jinja_env.globals.update(
        dates_moved=settings.dates_moved,
        clean_texts_appear=settings.clean_texts_appear,
        several_communes=len(settings.communes) > 1,
        pairs=lambda codes: [(code, code) for code in codes],
        status_choices=_status_choices,
        high_value=HIGH_VALUE,
        followed_in_words=following.in_words,
        street_of=street_of,
        answerable_there=bridged.answerable_case,
        outcomes_in_words=lambda table: [(code, gettext(words)) for code, words in table.items()],
    )
    reader = app.extensions[READER]
    init_early(app, f"{__version__} {settings!r}", lambda: token(reader))
    if settings.behind_proxy:
        # Only when told: without a proxy that sets them, anybody could claim any address.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    watch(app, settings.data_dir / "metrics")
    check_guards(app)
    silent = undescribed(app)
    if silent:
        raise RuntimeError("API routes that say nothing: " + ", ".join(silent))
    return app

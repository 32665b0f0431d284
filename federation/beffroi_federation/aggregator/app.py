# SPDX-License-Identifier: AGPL-3.0-or-later
"""create_app: the only place that wires things together."""

from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from beffroi_federation.aggregator.audit import routes as audit
from beffroi_federation.aggregator.config import AggregatorSettings, our_version
from beffroi_federation.aggregator.dashboards import routes as dashboards
from beffroi_federation.aggregator.exports import routes as exports
from beffroi_federation.aggregator.exports.routes import feeds, files
from beffroi_federation.aggregator.following import FOLLOWER, on_settled
from beffroi_federation.aggregator.intake.service import hurry
from beffroi_federation.aggregator.kernel.accounts import make_store
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.kernel.runtime import Runtime, equip
from beffroi_federation.aggregator.kernel.versions import version_of
from beffroi_federation.aggregator.needs import routes as needs
from beffroi_federation.aggregator.taxii import routes as taxii
from beffroi_federation.aggregator.topics import routes as topics
from beffroi_federation.aggregator.towns import routes as desk
from beffroi_federation.aggregator.witness import routes as witness
from beffroi_web.clock import Clock, SystemClock
from beffroi_web.early import init_early
from beffroi_web.guards import check_guards
from beffroi_web.late_rules import LateRule
from beffroi_web.metrics import watch
from beffroi_web.openapi import undescribed
from beffroi_web.sign_in.drivers import drivers_for
from beffroi_web.sign_in.routes import CATALOGUE, sign_in_blueprint, visitor_loader
from beffroi_web.site import NavItem, Site
from beffroi_web.wiring import init_web
from beffroi_web.words import N_

HERE = Path(__file__).parent
TRANSLATIONS = HERE / "translations"

NAVIGATION = (
    NavItem("dashboards.requests", N_("Requests")),
    NavItem("topics.listing", N_("Topics")),
    NavItem("dashboards.incidents", N_("Reports")),
    NavItem("needs.page", N_("To open first")),
    NavItem("dashboards.atlas", N_("Map")),
    NavItem("dashboards.town_list", N_("Towns")),
    NavItem("audit.page", N_("Audit")),
    NavItem("dashboards.how_it_works", N_("How it works")),
)
FOOTER = (
    NavItem("dashboards.how_it_works", N_("How it works")),
    NavItem("audit.page", N_("Audit")),
    NavItem("dashboards.accessibility", N_("Accessibility: partly checked")),
    NavItem("dashboards.privacy", N_("Privacy")),
    NavItem("files.page", N_("Open data")),
    NavItem("exports.description", N_("The API's description")),
)


def site_of(settings: AggregatorSettings) -> Site:
    """Return the site that an aggregator's settings describe."""
    return Site(
        name=settings.name,
        slug=settings.slug,
        kind="nation",
        public_url=settings.public_url,
        secret_key=settings.secret_key,
        languages=settings.languages,
        colour=settings.colour,
        demonstration=settings.demonstration,
        navigation=NAVIGATION,
        footer=FOOTER,
        timezone=settings.time_zone,
        hsts_subdomains=settings.hsts_subdomains,
        shared_seconds=30,
    )


def create_app(settings: AggregatorSettings, *, clock: Clock | None = None) -> Flask:
    """Return the aggregator's application for checked settings; the environment is not read."""
    clock = clock or SystemClock()
    app = Flask(__name__, template_folder=str(HERE / "templates"), static_folder=None)
    app.url_rule_class = LateRule
    site = site_of(settings)
    equip(app, Runtime(settings, clock, hurry, on_settled, FOLLOWER))
    store = make_store(settings)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's own provider has it
    init_web(
        app,
        site,
        clock=clock,
        visitor=visitor_loader(store, site, clock),
        catalogues=(CATALOGUE, TRANSLATIONS),
        counts=settings.data_dir / "counts.sqlite3",
    )
    drivers = drivers_for(settings.providers)
    app.register_blueprint(sign_in_blueprint(site, db, store, drivers, clock))
    for feature in (
        dashboards, audit, exports, feeds, files, topics, needs, desk, witness, taxii,
    ):  # fmt: skip
        app.register_blueprint(feature.blueprint)
    init_early(app, f"{our_version()} {settings!r}", version_of(app, clock))
    if settings.behind_proxy:
        # Only when told: without a proxy that sets them, anybody could claim any address.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    watch(app, settings.data_dir / "metrics")
    check_guards(app)
    silent = undescribed(app)
    if silent:
        raise RuntimeError("API routes that say nothing: " + ", ".join(silent))
    return app

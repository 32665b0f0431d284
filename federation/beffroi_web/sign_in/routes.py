# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of signing in and out: `/sign-in`, `/auth/<provider>/…`, `/sign-out`.

A town and the nation make the same blueprint, each with its own store. Every site has its own
cookie names: several sites on one host share one jar, whatever their ports.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from beffroi_web.clock import Clock
from beffroi_web.database import unit_of_work
from beffroi_web.errors import NotFound
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.limits import limit
from beffroi_web.paths import address
from beffroi_web.sign_in.buttons import logo_view
from beffroi_web.sign_in.driver import ANOTHER_ACCOUNT, START_AGAIN, Pending, SignInProvider
from beffroi_web.sign_in.errors import ProviderFault, SignInFailed
from beffroi_web.sign_in.identities import EndedSession, Identity, SignedIn
from beffroi_web.sign_in.linking import OFFER_LIFE
from beffroi_web.sign_in.seal import Seal
from beffroi_web.sign_in.store import SignInStore
from beffroi_web.site import Site
from beffroi_web.visitors import Visitor, current_visitor, forget_visitor
from beffroi_web.words import N_

log = logging.getLogger(__name__)

CATALOGUE = Path(__file__).parent / "translations"
"""The French of these pages; the application passes it to `init_web` among its `catalogues`."""

PENDING_LIFE = timedelta(minutes=15)
TOKEN_BYTES = 32
MAX_NEXT = 1000
"""Bytes; sealed in a cookie it must stay below the 4 kilobytes that browsers keep."""
_HOME = "/"

Random = Callable[[int], bytes]
OnSignedIn = Callable[[SignedIn, datetime], None]


def cookie_name(site: Site) -> str:
    """Return the name of a site's session cookie; on https no other host can have set it.

    The prefix is a promise that browsers hold a cookie to (RFC 6265bis, section 4.1.3.2): `Secure`,
    no domain, and the path `/`. The other cookies of signing in begin with this name.
    """
    name = f"beffroi_{site.slug}"
    return f"__Host-{name}" if _is_https(site) else name


def _is_https(site: Site) -> bool:
    return site.public_url.startswith("https:")


def cookie_path(site: Site, path: str) -> str:
    """Return the path of a cookie that is needed at one address: that one, but `/` on https."""
    return "/" if _is_https(site) else path


def drop_cookie(response: Response, site: Site, name: str, path: str = "/") -> None:
    """Take a cookie of signing in away; a browser heeds only what keeps the name's promise."""
    response.delete_cookie(
        name,
        path=cookie_path(site, path),
        secure=_is_https(site),
        httponly=True,
        samesite="Lax",
    )


def redirect_uri(site: Site, provider: str) -> str:
    """Return the address that is registered with a provider as this site's redirect URI."""
    return f"{site.public_url.rstrip('/')}/auth/{provider}/callback"


def signed_out_uri(site: Site) -> str:
    """Return the address that is registered with providers as post-logout redirect URI."""
    return f"{site.public_url.rstrip('/')}/sign-out"


def link_cookie(site: Site) -> str:
    """Return the name of the cookie that holds an identity for its finder to take or leave."""
    return f"{cookie_name(site)}_link"


def local_path(wanted: str | None) -> str:
    """Return a path of this site to go to, or the home page for anything else.

    `//host`, `/\\host` and addresses with a scheme lead elsewhere in a browser, and spaces or
    control characters may hide that; all of them count as "anything else".
    """
    text = wanted or ""
    if not text.startswith("/") or not text.isprintable() or len(text.encode()) > MAX_NEXT:
        return _HOME
    if " " in text:
        return _HOME  # an address never holds one; what a browser does with it is its own affair
    if text[1:2] in ("/", "\\") or "\\" in urlsplit(text).path:
        return _HOME
    if text.startswith(("/auth/", "/sign-in", "/sign-out")):
        return _HOME  # back into the middle of a sign-in leads nowhere
    return text


def visitor_loader(store: SignInStore, site: Site, clock: Clock) -> Callable[[], Visitor | None]:
    """Return the loader that `init_web` wants: who holds the session cookie of this request."""

    name = cookie_name(site)

    def load() -> Visitor | None:
        if name not in request.environ.get("HTTP_COOKIE", ""):
            return None
        token = request.cookies.get(name, "")
        found = store.look_up(token, clock.now()) if 0 < len(token) <= 100 else None
        if found is None:
            return None
        visitor, stale = found
        g.beffroi_stale_session = token if stale else None
        return visitor

    return load


def sign_in_blueprint(
    site: Site,
    db: SQLAlchemy,
    store: SignInStore,
    providers: Sequence[SignInProvider],
    clock: Clock,
    *,
    random: Random = secrets.token_bytes,
    on_signed_in: OnSignedIn | None = None,
    link_page: str | None = None,
) -> Blueprint:
    """Return the blueprint `sign_in`.

    `random` gives that many unguessable bytes. `on_signed_in` runs in the same transaction as the
    sign-in, for what an application keeps beside the account; if it raises, nobody is signed in.
    `link_page` is the path to which an identity is led that somebody signed in wants to add to the
    account (`/auth/KEY/login?link=yes`); without it none can be.
    """
    pages = _Pages(site, db, store, {p.settings.key: p for p in providers}, clock, random)
    pages.on_signed_in, pages.link_page = on_signed_in, link_page
    blueprint = Blueprint("sign_in", __name__, template_folder="templates")
    often = limit("60 per minute", methods=("GET",))

    @blueprint.get("/sign-in")
    @guard(PUBLIC)
    def sign_in() -> str:
        return pages.choose()

    logos = {p.settings.key: p.settings.logo for p in providers}
    blueprint.add_url_rule("/auth/<provider>/logo", "logo", logo_view(logos))

    @blueprint.get("/auth/<provider>/login")
    @guard(PUBLIC)
    @often
    def login(provider: str) -> Response:
        return pages.login(provider)

    @blueprint.get("/auth/<provider>/callback")
    @guard(PUBLIC)
    @often
    def callback(provider: str) -> Response:
        return pages.callback(provider)

    @blueprint.get("/sign-out")
    @guard(PUBLIC)
    def sign_out() -> Response:
        return pages.ask_or_confirm()

    @blueprint.post("/sign-out")
    @guard(PUBLIC)
    def end() -> Response:
        return pages.end()

    blueprint.register_error_handler(SignInFailed, _say_why)
    blueprint.after_app_request(pages.keep_alive)
    return blueprint


class _Pages:
    """What the views do, with what they need at hand."""

    def __init__(
        self,
        site: Site,
        db: SQLAlchemy,
        store: SignInStore,
        providers: Mapping[str, SignInProvider],
        clock: Clock,
        random: Random,
    ) -> None:
        self.site, self.db, self.store, self.providers = site, db, store, providers
        self.clock, self.random = clock, random
        self.on_signed_in: OnSignedIn | None = None
        self.link_page: str | None = None
        self.pending_seal = Seal(site.secret_key, "pending sign-in")
        self.parting_seal = Seal(site.secret_key, "parting")

    def choose(self) -> str:
        return render_template(
            "sign_in/sign_in.html",
            breadcrumb=[],
            providers=[p.settings for p in self.providers.values()],
            next=local_path(request.args.get("next")),
            again="yes" if request.args.get("again") else None,
        )

    def login(self, key: str) -> Response:
        provider = self._provider(key)
        now = self.clock.now()
        g.sign_in_next = local_path(request.args.get("next"))
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            # A link on another site signs nobody in by itself: the button here is pressed first.
            return redirect(address("/sign-in", next=g.sign_in_next), code=303)
        link = self._linking(provider) if request.args.get("link") else 0
        pending = Pending.start(key, g.sign_in_next, self.random, link)
        if request.args.get("again"):
            pending = replace(pending, again=True)
        url = provider.authorization_url(pending, redirect_uri(self.site, key), now)
        response = redirect(url, code=303)
        self._set_cookie(
            response,
            self._pending_cookie(pending.state),
            self.pending_seal.close(asdict(pending), now),
            path=self._auth_path(key),
            lifetime=PENDING_LIFE,
        )
        return response

    def callback(self, key: str) -> Response:
        provider = self._provider(key)
        now = self.clock.now()
        pending = self._pending(key, now)
        g.sign_in_next = pending.next
        if pending.link and self._linking(provider) != pending.link:
            raise SignInFailed("link", ANOTHER_ACCOUNT)
        identity = provider.identify(
            request.args.to_dict(), pending, redirect_uri(self.site, key), now
        )
        if pending.link:
            return self._offer(identity, pending, now)
        token = secrets_text(self.random)
        old_token = request.cookies.get(cookie_name(self.site), "")
        with unit_of_work(self.db):
            # A new token at each sign-in, and the old one dead: nobody can plant a session.
            self.store.sign_out(old_token, now)
            signed_in = self.store.sign_in(identity, token=token, now=now)
            if self.on_signed_in is not None:
                self.on_signed_in(signed_in, now)
        log.info(
            "signed in",
            extra={
                "provider": key,
                "kind": "staff" if provider.settings.staff else "public",
                "account": self.store.code(signed_in.account_id),
            },
        )
        forget_visitor()
        g.beffroi_stale_session = None
        response = redirect(request.script_root + pending.next, code=303)
        self._set_cookie(response, cookie_name(self.site), token, path="/", lifetime=None)
        drop_cookie(response, self.site, self._pending_cookie(pending.state), self._auth_path(key))
        return response

    def _linking(self, provider: SignInProvider) -> int:
        """Return the account that a way in can be added to, or refuse."""
        visitor = current_visitor()
        if visitor is None or self.link_page is None or provider.settings.staff:
            raise SignInFailed("link", ANOTHER_ACCOUNT)
        return visitor.account_id

    def _offer(self, identity: Identity, pending: Pending, now: datetime) -> Response:
        """Lead to the page that asks whether this identity is to open the account: not yet."""
        response = redirect(f"{request.script_root}{self.link_page}", code=303)
        self._set_cookie(
            response,
            link_cookie(self.site),
            self.store.links.offered(identity, pending.link, now),
            path=f"{request.script_root}{self.link_page}",
            lifetime=OFFER_LIFE,
        )
        drop_cookie(
            response,
            self.site,
            self._pending_cookie(pending.state),
            self._auth_path(pending.provider),
        )
        return response

    def ask_or_confirm(self) -> Response:
        no_store()
        parting = self._parting()
        page = render_template("sign_in/sign_out.html", breadcrumb=[], parting=parting)
        response = Response(page, mimetype="text/html")
        if parting:
            drop_cookie(response, self.site, self._parting_cookie(), self._sign_out_path())
        return response

    def end(self) -> Response:
        no_store()
        visitor = current_visitor()
        now = self.clock.now()
        token = request.cookies.get(cookie_name(self.site), "")
        with unit_of_work(self.db):
            ended = self.store.sign_out(token, now)
            if visitor is not None and request.form.get("everywhere"):
                self.store.sign_out_everywhere(visitor.account_id)
        forget_visitor()
        g.beffroi_stale_session = None
        state = self.random(TOKEN_BYTES).hex()
        onward, label = self._onward(ended, state, now)
        # A page that moves on by itself, not a redirect: a form that leads to another site would
        # need a hole in the Content-Security-Policy for every provider and whatever it leads to.
        page = render_template(
            "sign_in/signed_out.html", breadcrumb=[], onward=onward, provider=label
        )
        response = Response(page, mimetype="text/html")
        drop_cookie(response, self.site, cookie_name(self.site))
        if _is_https(self.site):
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        if onward is not None:
            response.headers["Refresh"] = f"0; url={onward}"
            self._set_cookie(
                response,
                self._parting_cookie(),
                self.parting_seal.close({"state": state}, now),
                path=self._sign_out_path(),
                lifetime=PENDING_LIFE,
            )
        return response

    def keep_alive(self, response: Response) -> Response:
        """Write that the session is in use, at most every few minutes, when the answer is made."""
        token = g.get("beffroi_stale_session")
        if token is not None:
            g.beffroi_stale_session = None
            try:
                with unit_of_work(self.db):
                    self.store.touch(token, self.clock.now())
            except OperationalError:
                # No reason to lose a page that is ready; the next one tries again.
                log.warning("session not touched: the database is busy")
        return response

    # --- inside -----------------------------------------------------------------------------

    def _provider(self, key: str) -> SignInProvider:
        provider = self.providers.get(key)
        if provider is None:
            raise NotFound(N_("There is no sign-in provider of this name."))
        return provider

    def _pending(self, key: str, now: datetime) -> Pending:
        """Return the sign-in that this browser started here, or refuse."""
        name = self._pending_cookie(request.args.get("state", ""))
        content = self.pending_seal.open(request.cookies.get(name, ""), now, PENDING_LIFE)
        if content is None or content.get("provider") != key:
            raise SignInFailed("no-pending", START_AGAIN)
        return Pending(**content)

    def _onward(
        self, ended: EndedSession | None, state: str, now: datetime
    ) -> tuple[str | None, str]:
        provider = self.providers.get(ended.provider) if ended is not None else None
        if ended is None or provider is None or not ended.id_token:
            return None, ""
        url = provider.logout_url(ended.id_token, state, signed_out_uri(self.site), now)
        return url, provider.settings.label

    def _parting(self) -> bool:
        """Say whether the browser has just come back from the provider that we sent it to."""
        sealed = request.cookies.get(self._parting_cookie(), "")
        content = self.parting_seal.open(sealed, self.clock.now(), PENDING_LIFE)
        given = request.args.get("state", "")
        return content is not None and secrets.compare_digest(
            str(content.get("state")).encode(), given.encode()
        )

    def _pending_cookie(self, state: str) -> str:
        # One for each attempt, so that two windows can sign in side by side.
        plain = "".join(c for c in state[:12] if c in "0123456789abcdef")
        return f"{cookie_name(self.site)}_auth_{plain}"

    def _parting_cookie(self) -> str:
        return f"{cookie_name(self.site)}_out"

    def _auth_path(self, key: str) -> str:
        return f"{request.script_root}/auth/{key}/callback"

    def _sign_out_path(self) -> str:
        return f"{request.script_root}/sign-out"

    def _set_cookie(
        self, response: Response, name: str, value: str, *, path: str, lifetime: timedelta | None
    ) -> None:
        response.set_cookie(
            name,
            value,
            max_age=lifetime,
            path=cookie_path(self.site, path),
            httponly=True,
            samesite="Lax",
            secure=_is_https(self.site),
        )


def secrets_text(random: Random) -> str:
    """Return a new session token: 64 hexadecimal characters."""
    return random(TOKEN_BYTES).hex()


def _say_why(failed: SignInFailed) -> Response:
    """Answer a failed sign-in with a page that says what to do; no session was made."""
    no_store()
    values: dict[str, Any] = dict(failed.values)
    page = render_template(
        "sign_in/failed.html",
        breadcrumb=[],
        sentence=failed.sentence,
        values=values,
        reason=failed.reason,
        next=g.get("sign_in_next", _HOME),
    )
    return Response(page, 502 if isinstance(failed, ProviderFault) else 400, mimetype="text/html")

# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration's OpenID Connect provider: six invented persons, one known password.

A real provider in small, on Authlib: authorization code with PKCE S256 required, signed id_token,
JSON userinfo, RP-initiated logout. Because everybody knows its password it must never be within
reach of anybody else: it refuses to exist unless its issuer is an http address on loopback.
Codes, tokens and sessions live in memory; only the signing key is kept, with the demo's data, so
that a restart does not make every town distrust it.
"""

import hmac
import ipaddress
import json
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from authlib.oidc.rpinitiated import EndSessionEndpoint
from flask import Flask, jsonify, render_template_string, request, session
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from beffroi_web.clock import Clock, SystemClock
from demo.provider_state import PASSWORD, PEOPLE, TOKEN_SECONDS, Code, DemoClient, Memory, Person

PAGE = Path(__file__).with_name("provider.html").read_text(encoding="utf-8")


class _S256Required(CodeChallenge):  # type: ignore[misc,unused-ignore]
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012  Authlib's own way

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with S256 is required", redirect_uri=redirect_uri)
        super().validate_code_challenge(grant, redirect_uri)


def _code_grant(memory: Memory) -> type[AuthorizationCodeGrant]:
    class Grant(AuthorizationCodeGrant):  # type: ignore[misc,unused-ignore]
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post", "client_secret_basic"]  # noqa: RUF012

        def save_authorization_code(self, code: str, request: Any) -> None:
            data = request.payload.data
            memory.keep_code(
                Code(
                    value=code,
                    client_id=request.client.client_id,
                    redirect_uri=request.payload.redirect_uri,
                    scope=request.scope,
                    nonce=data.get("nonce"),
                    code_challenge=data["code_challenge"],
                    code_challenge_method=data["code_challenge_method"],
                    person=request.user,
                    at=memory.now(),
                )
            )

        def query_authorization_code(self, code: str, client: Any) -> Code | None:
            return memory.take_code(code, client.client_id)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            """Do nothing: it was taken when it was looked up."""

        def authenticate_user(self, authorization_code: Code) -> Person:
            return authorization_code.person

    return Grant


def _openid(issuer: str, key: RSAKey, memory: Memory) -> OpenIDCode:
    class IdToken(OpenIDCode):  # type: ignore[misc,unused-ignore]
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False  # codes are used once, so an id_token is made once for a nonce

        def resolve_client_private_key(self, client: Any) -> RSAKey:
            return key

        def get_client_algorithm(self, client: Any) -> str:
            return "RS256"

        def get_encode_header(self, client: Any) -> dict[str, str]:
            return {"alg": "RS256", "kid": str(key.kid)}

        def get_client_claims(self, client: Any) -> dict[str, Any]:
            now = memory.now()
            return {"iss": issuer, "aud": client.client_id, "iat": now, "exp": now + TOKEN_SECONDS}

        def generate_user_info(self, user: Person, scope: str) -> UserInfo:
            return UserInfo(sub=user.login)

    return IdToken(require_nonce=True)


def _logout(key: RSAKey) -> type[EndSessionEndpoint]:
    class EndSession(EndSessionEndpoint):  # type: ignore[misc,unused-ignore]
        def get_server_jwks(self) -> KeySet:
            return KeySet([key])

        def get_algorithms(self) -> list[str]:
            return ["RS256"]

        def end_session(self, end_session_request: Any) -> None:
            session.clear()

    return EndSession


def create_provider(
    issuer: str, clients: Sequence[DemoClient], data_dir: Path, *, clock: Clock | None = None
) -> Flask:
    """Return the provider as a Flask application, its signing key kept in `data_dir`.

    Raises `ValueError` unless `issuer` is `http://<a loopback address>:<port>`.
    """
    refuse_unless_loopback(issuer)
    kept = _kept(data_dir)
    key = RSAKey.import_key(kept["key"])
    memory = Memory(clock or SystemClock())
    app = Flask("demo_provider")
    app.config.update(
        SECRET_KEY=kept["cookie"],
        SESSION_COOKIE_NAME="beffroi_demo_provider",
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=65_536,
    )
    known = {client.client_id: client for client in clients}
    server = AuthorizationServer(
        app,
        query_client=known.get,
        save_token=lambda token, request: memory.keep_token(token["access_token"], request.user),
    )
    server.register_grant(
        _code_grant(memory), [_openid(issuer, key, memory), _S256Required(required=True)]
    )
    server.register_endpoint(_logout(key))
    _published(app, issuer, key)
    _for_people(app, server)
    _for_programs(app, server, memory)
    return app


def refuse_unless_loopback(issuer: str) -> None:
    """Raise `ValueError` unless an issuer can be reached from this machine only."""
    parts = urlsplit(issuer)
    try:
        loopback = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        loopback = False  # a name, even `localhost`, may be made to point elsewhere
    if parts.scheme != "http" or not loopback or parts.path or parts.query:
        raise ValueError(
            f"the demonstration's provider was given the issuer {issuer!r}; everybody knows its "
            "password, so it runs as http://127.0.0.1:PORT only"
        )


def _kept(data_dir: Path) -> dict[str, Any]:
    """Return the signing key and the cookie secret, made at the first start."""
    path = data_dir / "provider-key.json"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        key = RSAKey.generate_key(2048, auto_kid=True)
        kept = {"key": key.as_dict(private=True), "cookie": secrets.token_hex(32)}
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file)
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _published(app: Flask, issuer: str, key: RSAKey) -> None:
    @app.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint=f"{issuer}/token",
            jwks_uri=f"{issuer}/jwks",
            userinfo_endpoint=f"{issuer}/userinfo",
            end_session_endpoint=f"{issuer}/end-session",
            scopes_supported=["openid", "profile", "email"],
            response_types_supported=["code"],
            grant_types_supported=["authorization_code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            token_endpoint_auth_methods_supported=["client_secret_post", "client_secret_basic"],
            code_challenge_methods_supported=["S256"],
        )

    @app.get("/jwks")
    def jwks() -> Response:
        public = key.as_dict(private=False, use="sig", alg="RS256")
        return jsonify(keys=[public])


def _for_people(app: Flask, server: Any) -> None:
    def page(title: str, **values: Any) -> str:
        return render_template_string(
            PAGE, title=title, people=PEOPLE.values(), password=PASSWORD, **values
        )

    @app.get("/")
    def home() -> str:
        return page("Fournisseur d’identité de démonstration", step="home")

    @app.route("/authorize", methods=["GET", "POST"])
    def authorize() -> Any:
        person = PEOPLE.get(session.get("login", ""))
        try:
            grant = server.get_consent_grant(end_user=person)
        except OAuth2Error as error:
            return server.handle_error_response(None, error)
        if request.method == "POST":
            if request.form.get("cancel"):
                return server.create_authorization_response(grant_user=None, grant=grant)
            person = _authenticated()
            if person is None:
                wrong = "L’identifiant ou le mot de passe n’est pas bon. Vérifiez-les ci-dessous."
                return page("Se connecter", step="form", error=wrong), 422
            session.clear()
            session["login"] = person.login
        if person is None:
            return page("Se connecter", step="form")
        return server.create_authorization_response(grant_user=person, grant=grant)

    @app.route("/end-session", methods=["GET", "POST"])
    def end_session() -> Any:
        try:
            asked = server.validate_endpoint_request("end_session")
        except OAuth2Error as error:
            return server.handle_error_response(None, error)
        if asked.needs_confirmation and request.method == "GET":
            return page("Se déconnecter", step="confirm")
        return server.create_endpoint_response("end_session", asked) or page(
            "Vous êtes déconnecté(e)", step="out"
        )


def _authenticated() -> Person | None:
    person = PEOPLE.get(request.form.get("login", "").strip())
    right = hmac.compare_digest(request.form.get("password", "").encode(), PASSWORD.encode())
    return person if right else None


def _for_programs(app: Flask, server: Any, memory: Memory) -> None:
    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.route("/userinfo", methods=["GET", "POST"])
    def userinfo() -> Response:
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        person = memory.holder(value.strip()) if kind.lower() == "bearer" else None
        if person is None:
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return Response("{}", 401, headers, mimetype="application/json")
        return jsonify(person.claims())

    @app.after_request
    def dress(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing about each request."""


def make_provider_server(
    port: int,
    clients: Callable[[str], Sequence[DemoClient]] | Sequence[DemoClient],
    data_dir: Path,
    *,
    host: str = "127.0.0.1",
    clock: Clock | None = None,
) -> tuple[BaseWSGIServer, str]:
    """Return a threaded server, not yet serving, and its issuer; port 0 takes a free one.

    A site and its provider call each other while a page is being made, so one thread would wait
    for itself.
    """
    refuse_unless_loopback(f"http://{host}:{port or 1}")
    server = make_server(host, port, _not_yet, threaded=True, request_handler=_Quiet)
    issuer = f"http://{host}:{server.server_port}"
    listed = clients(issuer) if callable(clients) else clients
    server.app = create_provider(issuer, listed, data_dir, clock=clock)
    return server, issuer


def run(
    host: str,
    port: int,
    clients: Sequence[DemoClient],
    data_dir: Path,
    *,
    clock: Clock | None = None,
) -> None:
    """Serve until the process is told to stop. Raises `ValueError` off loopback."""
    server, _ = make_provider_server(port, clients, data_dir, host=host, clock=clock)
    server.serve_forever()


def _not_yet(environ: Any, start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [])
    return []

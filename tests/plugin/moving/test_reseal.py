# SPDX-License-Identifier: AGPL-3.0-or-later
"""Under a new secret, what lay sealed is sealed anew, and links that people hold still open."""

from dataclasses import replace

import pytest

from beffroi.accounts.service import make_store
from beffroi.app import create_app
from beffroi.bridges.models import BridgeSource
from beffroi.bridges.service import secrets as bridges
from beffroi.config import from_environ
from beffroi.kernel.db import db
from beffroi.kernel.private_links import key_for
from beffroi.moving.commands import resealing
from beffroi.webhooks import service as webhooks
from beffroi_web.configuration import SettingsRefused
from support.example import EXAMPLE
from support.town import Town

NEW = "the secret of next year, 32 or more characters"


def sealed_in(town: Town) -> set[str]:
    """Whatever in the database looks like something sealed (Fernet's first bytes)."""
    tables = [row.name for row in town.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = (tuple(row) for name in tables for row in town.rows(f'SELECT * FROM "{name}"'))
    return {cell for row in rows for cell in row if isinstance(cell, str) and cell[:5] == "gAAAA"}


def test_what_is_sealed_is_sealed_anew_and_links_of_before_open_until_the_old_secret_goes(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    old, now = village.settings.secret_key, village.now
    alix, ref = village.signed_in(), village.report(email="alix@citizens.example")
    with village.change():
        hook, secret = webhooks.add(
            "https://elsewhere.example/hook", ["case.answered"], key=old, now=now,
            chance=village.chance,
        )  # fmt: skip
        sealed = bridges.closed(old, {"key": "k", "secret": "s"}, now)
        strange = bridges.closed("a secret that nobody has any more" * 2, {"hook": "h"}, now)
        db.session.add(
            BridgeSource(
                kind="feed", address="https://elsewhere.example/", mode="links", lang="fr",
                credentials=sealed, hook_secret=strange, made_at=now,
            )
        )  # fmt: skip
    before = sealed_in(village)
    assert len(before) == 4
    settings = replace(village.settings, secret_key=NEW, secret_key_old=old)
    told: list[tuple[str, str]] = []

    def note(act: str, on: str) -> None:
        told.append((act, on))

    with village.app.app_context():
        for _ in range(2):
            assert resealing.run(settings, make_store(settings), told=note, now=now) == 1
        lost = "1 sealed under the present secret, 1 under neither"
        assert capsys.readouterr().out.count(lost) == 2
        row = village.rows("SELECT credentials, hook_secret FROM bridge_source")[0]
        assert bridges.opened(NEW, row.credentials, now) == {"key": "k", "secret": "s"}
        assert row.hook_secret == strange
        kept = village.one("SELECT secret FROM webhook WHERE id = :id", id=hook)
        assert webhooks.opened(kept, key=NEW, now=now) == secret
        assert resealing.run(village.settings, make_store(settings), told=note, now=now) == 2
    assert told == [("secret.reseal", "3")] * 2
    assert sealed_in(village) & before == {strange}
    key = key_for(old, ref, "withdraw")
    for said, status in ((settings, 200), (replace(settings, secret_key_old=""), 404)):
        client = create_app(said, clock=village.clock).test_client()
        page = client.get(
            f"/incidents/{ref}/withdraw?key={key}", base_url=village.settings.public_url
        )
        assert page.status_code == status, page.text
    assert alix.get("/account").status_code == 200


def test_the_old_secret_is_another_one() -> None:
    same = {**EXAMPLE, "BEFFROI_SECRET_KEY_OLD": EXAMPLE["BEFFROI_SECRET_KEY"]}
    place = {"BEFFROI_PUBLIC_URL": "https://town.example", "BEFFROI_DATA_DIR": "/nowhere"}
    with pytest.raises(SettingsRefused, match="SECRET_KEY_OLD is another secret"):
        from_environ(same | place)

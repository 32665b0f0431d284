# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages of a source (8.5): signed, fresh, small and new ones are taken as hints, no others."""

import json
import re
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from beffroi.bridges.rules import hooks
from beffroi.kernel.db import MIGRATIONS
from support.bridging import bridge
from support.databases import fresh
from support.decidim import decidim
from support.town import NOON, Town, open_town

SECRET = "5" * 64
STAMP = int(NOON.timestamp())


def message(number: object = "1", kind: str = "proposal_update.succeeded", **more: Any) -> bytes:
    return json.dumps({"type": kind, "data": {"id": number, "title": "menti", **more}}).encode()


def post(
    town: Town, source: int, body: bytes, *, secret: str = SECRET, stamp: int = STAMP,
    signature: str | None = None,
) -> TestResponse:  # fmt: skip
    headers = {
        "X-Webhook-Timestamp": str(stamp),
        "X-Webhook-Signature": signature or hooks.sign(secret, stamp, body),
    }
    client = town.app.test_client(use_cookies=False)
    return client.post(
        f"/hooks/decidim/{source}", data=body, headers=headers,
        base_url=town.settings.public_url, content_type="application/json",
    )  # fmt: skip


def test_the_signature_is_that_of_the_contract() -> None:
    made = hooks.sign("secret", 1795289157, b'{"type":"x"}')
    assert re.fullmatch("v1=[0-9a-f]{64}", made)
    import hashlib
    import hmac

    said = b'1795289157.{"type":"x"}'
    assert made == "v1=" + hmac.new(b"secret", said, hashlib.sha256).hexdigest()


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(-400, 400))
def test_only_the_same_bytes_at_about_this_time_are_taken(
    body: bytes, other: bytes, late: int
) -> None:
    stamp = STAMP + late
    signature = hooks.sign(SECRET, stamp, body)
    good = body == other and abs(late) <= 300
    try:
        hooks.verify(SECRET, str(stamp), signature, other, NOON)
    except hooks.BadHook:
        assert not good
    else:
        assert good


def test_a_hint_is_answered_at_once_and_what_it_says_is_read_at_the_site(tmp_path: Any) -> None:
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with (
        decidim(2) as site,
        open_town(
            tmp_path, url, public_url="http://127.0.0.1:9", bridge_loopback=[site.url]
        ) as town,
    ):
        made = bridge(town, site)
        boss = town.signed_in("administrator")
        assert post(town, made.id, message()).status_code == 404  # no secret yet
        shown = boss.post(f"/desk/bridges/{made.id}/secret").get_data(as_text=True)
        found = re.search(r"\b[0-9a-f]{64}\b", shown)
        assert found is not None
        assert found[0] not in boss.page(f"/desk/bridges/{made.id}")  # shown once
        assert found[0] not in str(town.rows("SELECT * FROM bridge_source"))
        secret = found[0]
        made.read()
        asked = len(site.asked)
        site.change("1", title="Le titre que le site montre")
        taken = post(town, made.id, message(), secret=secret)
        assert (taken.status_code, taken.data, len(site.asked)) == (202, b"", asked)
        town.work()
        titles = [r[0] for r in town.rows("SELECT original FROM case_text WHERE role = 'title'")]
        assert "Le titre que le site montre" in titles
        assert "menti" not in titles
        assert post(town, made.id, message(), secret=secret).status_code == 409  # a replay
        town.later(minutes=1)
        site.change("2", title="Lu parce que quelqu’un l’a voulu")
        assert boss.post(f"/desk/bridges/{made.id}/read").status_code == 303
        town.work()
        assert "l’a voulu" in str(town.rows("SELECT original FROM case_text"))
        site.hidden.add("2")
        assert post(town, made.id, message(2), secret=secret).status_code == 202
        town.work()
        assert town.one("SELECT count(*) FROM bridged_item WHERE gone_at IS NOT NULL") == 1


def test_what_is_forged_old_too_large_or_no_message_is_refused(village: Town) -> None:
    with decidim() as site:
        made = bridge(village, site)
    from beffroi.bridges.service import secrets

    with village.change():
        from beffroi.kernel.db import db

        sealed = secrets.closed(village.settings.secret_key, {"hook": SECRET}, village.now)
        db.session.execute(db.text("UPDATE bridge_source SET hook_secret = :s"), {"s": sealed})
    body = message()
    jobs = village.one("SELECT count(*) FROM job")
    for status, answer in (
        (403, post(village, made.id, body, secret="6" * 64)),
        (403, post(village, made.id, body, signature="v1=")),
        (403, post(village, made.id, body, signature="v1=é")),
        (403, post(village, made.id, body, stamp=STAMP - 301)),
        (403, post(village, made.id, body, stamp=STAMP + 301)),
        (413, post(village, made.id, b"x" * (256 * 1024 + 1))),
        (422, post(village, made.id, b"not json")),
        (422, post(village, made.id, message("../1"))),
        (422, post(village, made.id, message(kind="PROPOSAL"))),
        (404, post(village, made.id + 1, body)),
    ):
        assert answer.status_code == status, answer.get_data(as_text=True)
    assert village.one("SELECT count(*) FROM job") == jobs
    assert post(village, made.id, message(kind="user_update.succeeded")).status_code == 202
    assert village.one("SELECT count(*) FROM job") == jobs  # nothing of ours
    village.later(seconds=int(timedelta(seconds=299).total_seconds()))
    assert post(village, made.id, body).status_code == 202
    assert village.one("SELECT count(*) FROM job") == jobs + 1

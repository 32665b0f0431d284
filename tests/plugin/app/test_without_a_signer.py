# SPDX-License-Identifier: AGPL-3.0-or-later
"""Without its signer a town works on: mail goes out, pages answer, and what is due waits."""

from dataclasses import replace

from beffroi.worker import SIGNER_PAUSE, Worker
from support.town import Town


def test_the_worker_sends_mail_and_publishes_when_the_signer_is_back(village: Town) -> None:
    village.publish()
    citizen = village.signed_in("citizen")
    citizen.sends_request()
    alone = replace(village.settings, signer_socket=village.settings.data_dir / "nobody")
    with village.app.app_context():
        worker = Worker(village.app, alone, village.clock, chance=village.chance)
        assert worker.turn() > 0
        assert village.mail.to(citizen.email), "mail does not wait for the signer"
        assert "start `beffroi signer`" in worker.trouble
        assert worker.turn() == 0
        worker.settings = village.settings
        assert worker.turn() == 0, "asked again only after a while"
        village.clock.move(SIGNER_PAUSE)
        assert worker.turn() > 0
        assert worker.trouble == ""
    assert village.one("SELECT count(*) FROM outbox WHERE done_at IS NULL") == 0


def test_pages_and_the_identity_file_need_no_signer(village: Town) -> None:
    village.publish()
    address = village.settings.signer_address
    address.unlink()  # nobody can reach the one that runs
    visitor = village.visitor()
    for path in ("/", "/.well-known/beffroi.json", "/log/checkpoint", "/readyz"):
        assert visitor.get(path).status_code == 200, path

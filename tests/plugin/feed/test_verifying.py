# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi verify`: the town's own log, audited without the network."""

import argparse
import json

import pytest
from sqlalchemy import text

from beffroi.feed.commands import verifying
from beffroi.kernel.db import db
from support.town import Town


def verify(town: Town, *, as_json: bool = False) -> int:
    with town.look():
        args = argparse.Namespace(json=as_json)
        return verifying.run(args, town.app, town.settings, now=town.now)


def test_what_the_town_serves_is_found_sound_and_a_change_of_it_is_told(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(village) == 1
    assert "nothing was published yet" in capsys.readouterr().err
    ref = village.request()
    village.release(ref)
    village.publish()
    assert verify(village, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["signed"], said["key"]) == (True, True, "pinned")
    assert said["contents"]["open"] == 1
    assert verify(village) == 0
    assert "is sound" in capsys.readouterr().out
    with village.change():
        db.session.execute(text("UPDATE log_content SET content = :said"), {"said": b"{}"})
    assert verify(village) == 1
    assert "FAULT" in capsys.readouterr().out

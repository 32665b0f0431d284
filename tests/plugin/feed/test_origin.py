# SPDX-License-Identifier: AGPL-3.0-or-later
"""The origin of a log is fixed for life: a town that moves keeps it, and its key with it."""

from dataclasses import replace
from pathlib import Path

from beffroi.feed.commands import log_facts, origin_of, signer_for
from beffroi.signer.commands import create_signer
from support.signer import serving
from support.town import town_settings


def test_a_town_that_moves_to_another_address_keeps_its_origin_and_its_key(tmp_path: Path) -> None:
    before = replace(
        town_settings(tmp_path, "sqlite:///unused.sqlite3"), public_url="https://ancien.example"
    )
    assert origin_of(before) == before.origin
    create_signer(before, bytes(32))
    with serving(before):
        vkey = signer_for(before).vkey()
    after = replace(before, public_url="https://nouveau.example")
    assert origin_of(after) == before.origin
    with serving(after):
        assert signer_for(after).vkey() == vkey
    assert log_facts(after).vkeys == (vkey,)
    assert after.origin != before.origin, "the settings alone would have made another log of it"

# SPDX-License-Identifier: AGPL-3.0-or-later
"""A role belongs to a person of one provider, whoever has the same number at another."""

from beffroi.accounts import queries
from support.town import PROVIDER, Town


def test_the_same_subject_at_another_provider_holds_nothing(town: Town) -> None:
    officer = town.signed_in("cyber_officer")
    other = town.signed_in()
    with town.change() as _:
        rows = queries.TABLES.account
        subject = town.one("SELECT subject FROM account WHERE id = :id", id=officer.account_id)
        queries.db.session.execute(
            rows.update()
            .where(rows.c.id == other.account_id)
            .values(issuer="https://decidim.example", subject=subject)
        )
    with town.look():
        assert [one.id for one in queries.staff("cyber_officer")] == [officer.account_id]
        for account_id, held in ((officer.account_id, True), (other.account_id, False)):
            assert queries.has_role(account_id) is held
            assert queries.holds(account_id, "cyber_officer") is held
            roles = [row.provider for row in queries.roles_of(account_id)]
            assert roles == ([PROVIDER] if held else [])
        later = town.now.replace(year=town.now.year + 3)
        assert [one.id for one in queries.idle(before=later)] == [other.account_id]

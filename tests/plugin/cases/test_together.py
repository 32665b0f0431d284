# SPDX-License-Identifier: AGPL-3.0-or-later
"""Several people at once on one case: nothing is lost, doubled or refused without reason."""

from beffroi.cases import service as cases
from beffroi.kernel.actors import Actor
from support.town import Town, at_once

THREADS = 4


def test_supports_at_the_same_moment_are_all_counted(town: Town) -> None:
    ref = town.request()
    parties = [town.party(f"p{n}@citizens.example") for n in range(3 * THREADS)]

    def support(mine: list[int]) -> list[bool]:
        said = []
        for party in mine:
            with town.change():
                said.append(cases.support(cases.the_case(ref), party, now=town.now))
        return said

    results = at_once([lambda n=n: support(parties[n::THREADS]) for n in range(THREADS)])
    assert results == [[True] * 3] * THREADS
    assert town.one('SELECT supports FROM "case"') == len(parties)


def test_a_double_click_supports_and_follows_once(town: Town) -> None:
    ref, party = town.request(), town.party("sam@citizens.example")

    def click() -> bool:
        with town.change():
            case = cases.the_case(ref)
            cases.follow(case.id, party, now=town.now, chance=lambda n: bytes(n))
            return cases.support(case, party, now=town.now)

    results = at_once([click] * THREADS)
    assert sorted(map(str, results)) == ["False"] * (THREADS - 1) + ["True"]
    assert town.one('SELECT supports FROM "case"') == 1


def test_a_first_visit_in_two_windows_makes_one_party(town: Town) -> None:
    citizen = town.signed_in()
    assert citizen.account_id is not None

    def arrive() -> int:
        with town.change():
            return cases.party_for_account(
                citizen.account_id or 0, email=citizen.email, name="P", lang="fr", now=town.now
            )

    results = at_once([arrive] * THREADS)
    assert len(set(results)) == 1, results
    assert town.one("SELECT count(*) FROM party") == 1


def test_releases_at_the_same_moment_are_versions_of_their_own(town: Town) -> None:
    ref = town.request(area="Partout", period="Depuis 2020", format="CSV")
    roles = ("title", "wanted", "area", "period", "format")
    texts = town.texts(ref)

    def release(role: str) -> None:
        with town.change():
            case = cases.the_case(ref)
            row = cases.the_text(case, texts[role])
            cases.release_text(case, row, row.original, actor=Actor(), now=town.now)

    results = at_once([lambda role=role: release(role) for role in roles])
    assert results == [None] * len(roles)
    rows = town.rows("SELECT version FROM outbox WHERE fact = 'request' ORDER BY version")
    assert [r.version for r in rows] == [1, 2, 3, 4, 5]
    assert town.publish() == 3


def test_two_agents_cannot_answer_one_case_twice(town: Town) -> None:
    ref = town.request()
    results = at_once([lambda: town.answer(ref, "redirected", "À la région.")] * 2)
    assert sorted(type(r).__name__ for r in results) == ["Conflict", "NoneType"]
    assert town.one("SELECT count(*) FROM official_answer") == 1


def test_references_given_at_the_same_moment_are_different(town: Town) -> None:
    party = town.party("alix@citizens.example")

    def ask(number: int) -> str:
        with town.change():
            new = cases.NewCase(
                "street", "web", "fr", {"description": f"Un trou {number}"}, town.today, party
            )
            chance = bytes([number])
            return cases.open_case(
                new, actor=Actor(), now=town.now, chance=lambda n: chance * n
            ).ref

    results = at_once([lambda n=n: ask(n) for n in range(THREADS)])
    assert sorted(map(str, results)) == [f"2027-{n:04d}" for n in range(1, THREADS + 1)]

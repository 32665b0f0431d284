# SPDX-License-Identifier: AGPL-3.0-or-later
"""A request that repeats another: nobody is moved, everybody is asked, a yes moves one."""

import re

from support.town import Person, Town


def counts(town: Town, ref: str) -> tuple[int, int]:
    """How many support and how many follow a case."""
    [(supports,)] = town.rows('SELECT supports FROM "case" WHERE ref = :ref', ref=ref)
    of = "SELECT count(*) FROM follower WHERE case_id = :id AND ended_at IS NULL"
    return supports, town.one(of, id=town.id_of(ref))


def merged(town: Town) -> tuple[str, str, Person]:
    """A request that was asked before, with a supporter who follows nothing, and a follower."""
    other = town.request(title="Les menus des cantines", email="first@x.example")
    ref = town.request(title="Les menus", email="second@x.example")
    for one in (other, ref):
        town.release(one)
    supporter = town.signed_in(name="Sam Soutien")
    assert supporter.post(f"/requests/{ref}/support").status_code == 303
    town.follow(ref, "follower@x.example")
    town.work()
    town.mail.messages.clear()
    town.answer(ref, "duplicate", "Nous répondons là-bas.", duplicate_of=other)
    return ref, other, supporter


def test_everybody_who_stands_behind_it_is_asked_once_and_nothing_moves(town: Town) -> None:
    _, other, supporter = merged(town)
    before = counts(town, other)
    town.work()
    asked = [m for m in town.mail.messages if "voulez-vous" in str(m["Subject"])]
    people = {"second@x.example", "follower@x.example", supporter.email}
    assert sorted(m["To"] for m in asked) == sorted(people)
    assert len({m["Message-ID"] for m in asked}) == 3
    assert counts(town, other) == before
    assert all("Les menus des cantines" in m.get_content() for m in asked)
    assert not any(m["List-Unsubscribe"] for m in asked if m["To"] == supporter.email)
    assert all(m["List-Unsubscribe"] for m in asked if m["To"] != supporter.email)


def test_a_yes_moves_one_person_and_a_no_nobody(village: Town) -> None:
    ref, other, supporter = merged(village)
    village.work()
    link = {}
    for message in village.mail.messages:
        if found := re.search(r"/join/(\w+)", message.get_content()):
            link[message["To"]] = found[0]
    stranger = village.visitor()
    assert "Les menus des cantines" in stranger.page(link["follower@x.example"])
    assert counts(village, other) == (0, 1)  # looking is not saying
    for _ in range(2):
        assert stranger.post(link["follower@x.example"], {"say": "yes"}).status_code == 303
    assert counts(village, other) == (0, 2)
    assert stranger.post(link["second@x.example"], {"say": "no"}).status_code == 303
    assert counts(village, other) == (0, 2)
    assert "Vous souteniez ou suiviez cette demande" in supporter.page(f"/requests/{ref}")
    assert supporter.post(link[supporter.email], {"say": "yes"}).status_code == 303
    assert counts(village, other) == (1, 2)  # who only supported does not follow
    assert "Vous souteniez ou suiviez" not in supporter.page(f"/requests/{ref}")
    assert counts(village, ref)[0] == 1  # and still supports the first one
    assert stranger.get("/join/" + "0" * 48).status_code == 404


def test_after_the_other_one_is_removed_there_is_nothing_to_say_yes_to(village: Town) -> None:
    ref, other, supporter = merged(village)
    token = village.rows("SELECT token FROM join_offer ORDER BY id")[0].token
    village.remove(other)
    village.work()
    assert not [m for m in village.mail.messages if "voulez-vous" in str(m["Subject"])]
    assert "n’est plus montrée" in village.visitor().page(f"/join/{token}")
    assert village.visitor().post(f"/join/{token}", {"say": "yes"}).status_code == 410
    assert "Vous souteniez" not in supporter.page(f"/requests/{ref}")


def test_the_question_is_in_the_archive_and_goes_with_the_account_and_the_case(
    village: Town,
) -> None:
    from beffroi.rights import queries as rights
    from beffroi.rights.service.archive import everything

    ref, other, supporter = merged(village)
    with village.look():
        whose = rights.person(supporter.account_id or 0)
        found = everything(whose, town="x", siren="y", receipt=None, now=village.now).document
    assert [(q["ref"], q["other"], q["said"]) for q in found["questions"]] == [(ref, other, None)]
    assert supporter.post("/account/erase", {"word": "effacer"}).status_code in {200, 303}
    assert village.one("SELECT count(*) FROM join_offer") == 2
    village.remove(ref, code="erasure")
    assert village.one("SELECT count(*) FROM join_offer") == 0

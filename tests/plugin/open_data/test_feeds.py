# SPDX-License-Identifier: AGPL-3.0-or-later
"""The Atom feeds: valid, stable, of what was released, by theme and status."""

import re
from datetime import datetime
from xml.etree import ElementTree

import pytest

from beffroi.data_requests.queries import published
from beffroi_web.atom import ENDLESS
from support.town import PUBLIC_URL, Town

ATOM = "{http://www.w3.org/2005/Atom}"


def feed(town: Town, query: str = "", **options: object) -> ElementTree.Element:
    """Return a feed, once it is what RFC 4287 asks of any."""
    response = town.visitor().get(f"/feeds/requests.atom{query}", **options)
    assert (response.status_code, response.mimetype) == (200, "application/atom+xml")
    root = ElementTree.fromstring(response.get_data())
    assert root.tag == f"{ATOM}feed"
    for thing in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            [one] = thing.findall(ATOM + name)
            assert (one.text or "").strip(), name
        assert str(thing.findtext(f"{ATOM}id")).startswith(PUBLIC_URL)
        assert datetime.fromisoformat(str(thing.findtext(f"{ATOM}updated"))).tzinfo
        relations = [link.get("rel") for link in thing.findall(f"{ATOM}link")]
        assert relations.count("alternate") == 1
        assert all(
            str(link.get("href")).startswith("https://") for link in thing.iter(f"{ATOM}link")
        )
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    [itself] = [one.get("href") for one in root.findall(f"{ATOM}link") if one.get("rel") == "self"]
    assert itself == f"{PUBLIC_URL}/feeds/requests.atom{query}"
    return root


def entries(town: Town, query: str = "") -> dict[str, ElementTree.Element]:
    """Return the entries of a feed by reference, in their order."""
    found = feed(town, query).findall(f"{ATOM}entry")
    return {str(one.findtext(f"{ATOM}id")).rsplit("/", 1)[1]: one for one in found}


def classify(town: Town, ref: str, theme: str) -> None:
    agent = town.signed_in("agent")
    done = agent.post(f"/desk/cases/{ref}/classify", {"theme": theme})
    assert done.status_code == 303, done.get_data(as_text=True)


def test_an_empty_feed_is_a_feed(village: Town) -> None:
    assert feed(village).findtext(f"{ATOM}updated") == ENDLESS


def test_what_was_told_last_stands_first_and_ids_stay(town: Town) -> None:
    first, second = town.request(), town.request(email="sam@citizens.example")
    town.later(minutes=5)
    town.release(first, title="Les <menus> & « tout »", wanted="Une ligne\n\n<b>gras</b>")
    assert list(entries(town)) == [first, second]
    before = entries(town)
    assert before[first].findtext(f"{ATOM}title") == "Les <menus> & « tout »"
    content = before[first].find(f"{ATOM}content")
    assert content is not None
    assert content.get("type") == "html"
    assert "<p>Une ligne</p>\n<p>&lt;b&gt;gras&lt;/b&gt;</p>" in str(content.text)
    assert second in str(before[second].findtext(f"{ATOM}title"))  # under review: its reference
    town.later(minutes=5)
    town.comment(first, "Un commentaire que personne n’a relu")
    assert list(entries(town)) == [first, second]
    assert ElementTree.tostring(entries(town)[first]) == ElementTree.tostring(before[first])
    town.answer(second, "refused", "Non, pas ceci.", ground="privacy")
    assert list(entries(town)) == [second, first]
    answered = entries(town)[second]
    assert answered.findtext(f"{ATOM}id") == before[second].findtext(f"{ATOM}id")
    assert str(answered.findtext(f"{ATOM}updated")) > str(before[second].findtext(f"{ATOM}updated"))
    assert "Non, pas ceci." in str(answered.findtext(f"{ATOM}content"))


def test_theme_and_status_narrow_and_anything_else_is_refused(town: Town) -> None:
    first, second, third = (town.request(email=f"p{n}@citizens.example") for n in range(3))
    classify(town, first, "EDUC")
    classify(town, second, "EDUC")
    town.answer(second, "planned", "Bientôt.", planned="2027-Q3")
    town.answer(third, "refused", "Non.", ground="privacy")
    assert set(entries(town)) == {first, second, third}
    assert set(entries(town, "?theme=EDUC")) == {first, second}
    assert set(entries(town, "?status=refused")) == {third}
    assert set(entries(town, "?status=any_open")) == {first, second}
    assert set(entries(town, "?status=planned&theme=EDUC")) == {second}
    assert entries(town, "?status=refused&theme=EDUC") == {}
    for query in ("?status=none", "?theme=educ", "?theme=EDUC&status=x"):
        assert town.visitor().get(f"/feeds/requests.atom{query}").status_code == 422


def test_what_is_not_listed_neither_shows_nor_takes_a_place(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "_STEPS_READ", 4)
    kept = town.request()
    town.release(kept, "title", "wanted")
    gone = town.request(email="sam@citizens.example", title="Ce qui part bientôt")
    town.release(gone)
    before = [ElementTree.tostring(one) for one in entries(town).values()]
    for n in range(4):  # four reports, listed and not, are more steps than the feed looks back on
        town.release(town.report(category=("lighting", "neighbours")[n % 2]))
    assert [ElementTree.tostring(one) for one in entries(town).values()] == before
    town.remove(gone)
    body = town.visitor().get("/feeds/requests.atom").get_data(as_text=True)
    assert gone not in body
    assert "Ce qui part" not in body
    assert list(entries(town)) == [kept]


def test_each_language_has_its_words_and_every_feed_is_linked(village: Town) -> None:
    village.release(village.request())
    english = feed(village, "?status=open&lang=en")
    assert english.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert "New" in str(english.findtext(f"{ATOM}title"))
    assert english.findtext(f"{ATOM}id") == feed(village, "?status=open").findtext(f"{ATOM}id")
    listing = village.visitor().page("/requests?status=published&theme=EDUC")
    href = "/feeds/requests.atom?status=published&amp;theme=EDUC"
    assert listing.count(f'href="{href}"') == 2  # for programs in the head, for people below
    page = village.visitor().page("/data/")
    for path in re.findall(r'href="(/(?:data|feeds)/[^"]+)"', page):
        assert village.visitor().get(path.replace("&amp;", "&")).status_code == 200, path
    assert 'href="/data/"' in village.visitor().page("/privacy")
    main = page.partition("<main")[2].partition("</main>")[0]
    assert main in village.visitor().page("/open-data")

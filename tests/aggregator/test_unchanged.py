# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages that nothing has changed are answered before anything is read, and never wrongly."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from beffroi_federation.aggregator.kernel.db import db
from beffroi_web.clock import FixedClock
from support.nation import Nation, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]
EARLY = (
    "/", "/map", "/map/35", "/towns", "/towns/210000006", "/requests", "/requests/210000006-1-1",
    "/search?q=autobus", "/topics", "/open-first", "/incidents", "/audit", "/audit/towns",
    "/audit/checkpoints", "/communes/99999", "/api/v1/towns", "/api/v1/records", "/api/v1/topics",
)  # fmt: skip


def told(nation: Nation, path: str) -> str:
    answer = nation.client().get(path)
    assert answer.status_code == 200, path
    return str(answer.headers["ETag"])


def asked(nation: Nation, path: str, etag: str = "") -> tuple[int, int]:
    """Return the status of an answer, and how many statements of a session it took."""
    counted: list[str] = []

    def count(_c: Any, _k: Any, statement: str, *_rest: Any) -> None:
        counted.append(statement)

    with nation.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        answer = nation.client().get(path, headers={"If-None-Match": etag} if etag else {})
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return answer.status_code, len(counted)


def test_who_has_the_page_or_asks_for_it_again_costs_no_statement(full_nation: Nation) -> None:
    for path in EARLY:
        etag = told(full_nation, path)
        assert asked(full_nation, path, etag) == (304, 0), path
        assert asked(full_nation, path) == (200, 0), path
        other = path + ("&" if "?" in path else "?") + "x=1"
        assert asked(full_nation, other, etag)[0] == 200, path


def test_what_many_addresses_show_alike_is_read_once(full_nation: Nation) -> None:
    for path in ("/", "/open-first", "/incidents"):
        first, again = (asked(full_nation, f"{path}?y={n}") for n in (1, 2))
        assert first[0] == again[0] == 200
        assert again[1] < first[1], path


def test_a_withdrawn_request_is_never_said_to_be_unchanged(nation: Nation, serve: Serve) -> None:
    town = make_town()
    town.record(request_content(1))
    town.publish()
    nation.know(serve(town))
    nation.pull()
    paths = ("/", "/requests", "/requests/210000006-1-0", "/api/v1/records", "/towns/210000006")
    etags = {path: told(nation, path) for path in paths}
    town.withdraw(0)
    town.publish()
    nation.pull()  # the clock stands still: the minute is the same
    for path, etag in etags.items():
        gone = path.endswith("-1-0")
        assert asked(nation, path, etag)[0] == (410 if gone else 200), path
    assert "Horaires des autobus" not in nation.page("/requests")


def test_parts_that_are_made_once_follow_each_answer_and_each_withdrawal(
    nation: Nation, serve: Serve
) -> None:
    """At addresses that nobody asked for before, so that only the parts could be old."""
    town = make_town()
    answered = {"status": "published", "outcome": "published", "answer": "Voici.",
                "answered": "2026-W41", "published_url": "https://data.example.org/x"}  # fmt: skip
    titles = ["Arbres remarquables", "Budget primitif", "Comptes de la cantine"]
    steps = [*range(1, len(titles) + 1), 0]
    for step, made in enumerate(steps):
        if made:
            town.record(request_content(made, title=titles[made - 1], **answered))
        else:
            town.withdraw(0)
        town.publish()
        if step == 0:
            nation.know(serve(town))
        nation.pull()
        shown = titles[:made] if made else titles[1:]
        for again in range(2):
            front = nation.page(f"/?y={step}{again}").split("<main", 1)[1]
            assert [title for title in titles if title in front] == shown
            answers = front.split("Answered</p>", 1)[1].split("</div>", 1)[0]
            assert f">{len(shown)}</a>" in answers


def test_parts_that_are_made_once_speak_the_language_of_each_reader(full_nation: Nation) -> None:
    words = {
        "/": ("Dernières réponses officielles", "Latest official answers"),
        "/open-first": ("Quelles données ouvrir", "Which datasets should"),
        "/towns": ("Délai médian", "Median delay"),
        "/incidents": ("protégé", "protected"),
    }
    for turn in range(2):
        for path, (french, english) in words.items():
            for lang, said, not_said in (("fr", french, english), ("en", english, french)):
                for query in (f"?y={turn}{lang}", f"?y={turn}{lang}&lang={lang}"):
                    answer = full_nation.client().get(
                        path + query, headers={"Accept-Language": lang}
                    )
                    main = answer.text.split("<main", 1)[1]
                    assert said in main, (path, query)
                    assert not_said not in main, (path, query)
                    carried = f"lang={lang}" in main.split("</form>")[-1]
                    assert carried == ("lang=" in query), (path, query)


def test_how_fresh_a_town_is_is_told_anew_each_minute(
    full_nation: Nation, clock: FixedClock
) -> None:
    etag = told(full_nation, "/towns")
    clock.move(timedelta(seconds=59))
    assert asked(full_nation, "/towns", etag)[0] == 304
    clock.move(timedelta(seconds=1))
    assert asked(full_nation, "/towns", etag)[0] == 200


def test_an_address_that_only_looks_like_a_page_is_no_page(full_nation: Nation) -> None:
    """Another view answers it, or nobody: nothing of it is kept under a page's name."""
    for path, status in (("/map/35.csv", 200), ("/map/999", 404), ("/requests/nothing", 404)):
        assert asked(full_nation, path)[0] == status
        again = asked(full_nation, path)
        assert again[0] == status
    assert asked(full_nation, "/map/35.csv")[1] > 0


def test_an_operator_reads_nothing_that_was_kept_for_others(full_nation: Nation) -> None:
    etag = told(full_nation, "/towns")
    operator = full_nation.signed_in("operator")
    answer = operator.get("/towns", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert asked(full_nation, "/towns", etag)[0] == 304


def test_the_short_way_in_front_of_the_application_says_what_the_view_says(
    full_nation: Nation,
) -> None:
    client = full_nation.client()

    def told_of(query: str) -> tuple[int, dict[str, str], bytes]:
        answer = client.get(f"/api/v1/records?{query}")
        headers = {name: value for name, value in answer.headers if name != "ETag"}
        return answer.status_code, headers, answer.get_data()

    for query in ("limit=2", "status=open", "theme=EDUC", "kind=incident_summary", "q=autobus"):
        by_view = told_of(f"{query}&other=%31")
        assert told_of(f"{query}&other=2") == by_view, query
        assert by_view[0] == 200
    assert [told_of(wrong)[0] for wrong in ("limit=0", "town=999999999", "cursor=x")] == [
        422, 404, 422,
    ]  # fmt: skip
    place = client.get("/api/v1/records?limit=1").json["next_cursor"]
    second = client.get(f"/api/v1/records?limit=1&cursor={place}&other=2").json["items"]
    assert second == client.get("/api/v1/records?limit=2&other=%32").json["items"][1:]

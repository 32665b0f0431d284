# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nobody off the list of a confidential case finds a trace of it, whatever their role."""

import re
from datetime import timedelta
from io import BytesIO

import pytest

from beffroi.cyber.commands import strike_clocks
from beffroi.kernel import jobs
from beffroi.worker import HANDLERS
from support.photos import PLAIN
from support.town import PROVIDER, Person, Town

MARK = "zqxmarque"
REPORT = {
    "category": "defaced",
    "site": f"{MARK}.ville.example",
    "addresses": f"https://evil.example/{MARK}",
    "description": f"La page d’accueil affiche {MARK} en grand.",
}


def reports(person: Person, **fields: object) -> str:
    """Send the citizen's form with a screenshot; return the address of the exchange."""
    picture = (BytesIO(PLAIN["jpeg"]), "capture.jpg")
    response = person.post(
        "/incidents/new/public-site",
        {**REPORT, "photos": picture, **fields},
        content_type="multipart/form-data",
    )
    assert response.status_code == 303, response.text
    return str(response.headers["Location"])


def ref_in(location: str) -> str:
    found = re.search(r"/incidents/([\d-]+)/", location)
    assert found is not None
    return found[1]


def act(person: Person, ref: str, verb: str, **fields: object) -> int:
    return person.post(f"/desk/cyber/{ref}/{verb}", fields).status_code


def every_page(town: Town, person: Person, below: str) -> dict[str, str]:
    """Every address without an argument below one that a person can open, and what it answers.

    Not what the operator's machine alone is told, which counts each answer as well.
    """
    found = {}
    for rule in town.app.url_map.iter_rules():
        if rule.arguments or "GET" not in (rule.methods or ()):
            continue
        skipped = ("/auth/", "/sign-", "/web/", "/statistics.", "/data/statistics", "/metrics")
        if rule.rule.startswith(skipped) or not rule.rule.startswith(below):
            continue
        response = person.get(rule.rule)
        if response.status_code == 200:
            found[rule.rule] = re.sub(r'value="[^"]{20,}"|nonce-[^\']+', "", response.text)
    return found


def same(before: list[dict[str, str]], after: list[dict[str, str]]) -> None:
    """Compare what several people saw, and name the first line that differs."""
    for old, new in zip(before, after, strict=True):
        assert set(old) == set(new)
        for path in old:
            lines = zip(old[path].splitlines(), new[path].splitlines(), strict=False)
            assert [] == [(path, pair) for pair in lines if pair[0] != pair[1]][:1]
            assert old[path] == new[path], path


@pytest.fixture
def desk(village: Town) -> Town:
    """A town with something at its desk, and its own record of it read once."""
    village.release(village.request())
    village.release(village.report())
    village.work()
    return village


LISTS = (
    "/desk", "/desk/health", "/desk/texts", "/desk?queue=new", "/desk?queue=review",
    "/desk?queue=closed", "/desk?queue=late", f"/desk?q={MARK}", "/desk/texts?status=review",
    "/desk/texts?shelf=drawn", f"/incidents?q={MARK}", f"/api/v1/incidents?q={MARK}",
    f"/requests?q={MARK}", "/feeds/incidents.atom", "/data/incidents.csv", "/data/incidents.json",
    "/open311/v2/requests.json", "/open311/v2/servicerequestupdates.xml",
)  # fmt: skip


def test_pages_lists_counts_exports_and_mails_are_the_same_with_and_without_cases(
    desk: Town,
) -> None:
    others = [desk.signed_in(role) for role in ("agent", "administrator")]
    reader = desk.signed_in("agent", name="Claude Lectrice")
    officer, citizen = desk.signed_in("cyber_officer"), desk.signed_in()

    def seen(*, all_of_it: bool = True) -> list[dict[str, str]]:
        return [
            {
                **(every_page(desk, one, below) if all_of_it else {}),
                **{path: one.get(path).text for path in LISTS},
            }
            for one, below in zip(others, ("/", "/desk"), strict=True)
        ]

    before, mails = seen(), len(desk.mail.messages)
    refs = [ref_in(reports(citizen)), ref_in(reports(desk.visitor(), category="weakness"))]
    waiting = seen(all_of_it=False)
    same([{path: one[path] for path in LISTS} for one in before], waiting)
    assert act(officer, refs[0], "take") == 303
    assert act(officer, refs[0], "readers", reader=reader.account_id) == 303
    assert act(reader, refs[0], "notes", note=f"Note {MARK}") == 303
    assert act(reader, refs[0], "messages", message=f"Bonjour {MARK}") == 303
    citizen.post(f"/incidents/{refs[0]}/exchange", {"message": f"Merci {MARK}"})
    assert act(reader, refs[0], "close", outcome="resolved", words="C’est réparé.") == 303
    with desk.app.app_context():
        assert strike_clocks(now=desk.now + timedelta(days=4)) == 1
        jobs.work_once(HANDLERS, now=desk.now + timedelta(days=4), most=100)
    desk.work()
    after = seen()
    same(before, after)
    listed = [p for one in after for p, text in one.items() if MARK in text and "q=" not in p]
    assert listed == []
    allowed = {citizen.email, officer.email, reader.email}
    assert {m["To"] for m in desk.mail.messages[mails:]} <= allowed
    assert MARK not in "".join(m.as_string() for m in desk.mail.messages)


def test_each_address_of_the_desk_answers_as_for_a_case_that_does_not_exist(desk: Town) -> None:
    ref = ref_in(reports(desk.visitor()))
    officer, agent = desk.signed_in("cyber_officer"), desk.signed_in("agent")
    boss = desk.signed_in("administrator")
    assert act(officer, ref, "take") == 303
    text_id = desk.one(
        "SELECT id FROM case_text WHERE role = 'description' ORDER BY id DESC LIMIT 1"
    )
    name = desk.one("SELECT stored_name FROM attachment")
    values = {"ref": ref, "text_id": str(text_id), "name": str(name), "verb": "notes"}
    tried = 0
    for rule in desk.app.url_map.iter_rules():
        if not rule.rule.startswith("/desk/") or "ref" not in rule.arguments:
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: values.get(m[1], "1"), rule.rule)
        other = path.replace(ref, "2027-999999999")
        for person in (agent, boss):
            for method in ("GET", "POST"):
                if method not in (rule.methods or ()):
                    continue
                ask = person.get if method == "GET" else person.post
                mine, none = ask(path), ask(other)
                assert mine.status_code == none.status_code, (method, path)
                assert mine.text.replace(ref, "") == none.text.replace("2027-999999999", "")
                tried += mine.status_code == 404
    assert tried > 30
    assert agent.get(f"/desk/texts/{text_id}").status_code == 404
    assert agent.get(f"/incidents/{ref}").status_code == 404
    assert agent.get(f"/incidents/{ref}/exchange").status_code == 404
    assert desk.rows("SELECT code FROM cyber_step ORDER BY id")[-1].code == "taken"


def test_a_new_report_is_for_officers_and_a_case_taken_up_for_its_list(desk: Town) -> None:
    first, second = desk.signed_in("cyber_officer", "agent"), desk.signed_in("cyber_officer")
    agent, boss = desk.signed_in("agent"), desk.signed_in("administrator")
    ref = ref_in(reports(desk.visitor()))
    page = f"/desk/cyber/{ref}"
    assert [p.get(page).status_code for p in (first, second, agent, boss)] == [200, 200, 404, 404]
    assert act(first, ref, "notes", note="Trop tôt") == 422
    assert act(first, ref, "take") == 303
    assert [p.get(page).status_code for p in (first, second, agent, boss)] == [200, 404, 404, 404]
    assert first.get(f"/desk/cases/{ref}").headers["Location"] == page
    assert ref in first.page("/desk/cyber")
    assert ref not in second.page("/desk/cyber") + agent.page("/desk/cyber")
    assert act(second, ref, "take") == 404
    assert act(first, ref, "readers", reader=agent.account_id) == 303
    assert agent.get(page).status_code == 200
    assert act(agent, ref, "readers-drop", reader=first.account_id) == 303
    assert first.get(page).status_code == 404
    assert act(agent, ref, "readers-drop", reader=agent.account_id) == 422  # the last one stays
    citizen = desk.signed_in()
    assert act(agent, ref, "readers", reader=citizen.account_id) == 422
    store = desk.app.extensions["beffroi"].sign_in
    with desk.change():
        store.forget(agent.account_id)
    assert second.get(page).status_code == 200  # without a list it is the officers' again


def test_a_role_taken_away_opens_nothing_and_no_role_implies_it(desk: Town) -> None:
    officer = desk.signed_in("cyber_officer", "agent")
    ref = ref_in(reports(desk.visitor()))
    assert officer.get(f"/desk/cyber/{ref}").status_code == 200
    subject = desk.one("SELECT subject FROM account WHERE id = :id", id=officer.account_id)
    with desk.change():
        desk.app.extensions["beffroi"].sign_in.revoke(PROVIDER, "cyber_officer", subject=subject)
    assert officer.get(f"/desk/cyber/{ref}").status_code != 200


def test_what_could_not_be_sent_of_it_is_told_to_officers_alone(desk: Town) -> None:
    agent, warned = desk.signed_in("agent"), "Personne n’a le rôle cyber_officer"
    assert warned in agent.page("/desk/health")
    officer = desk.signed_in("cyber_officer")
    health = agent.page("/desk/health")
    assert warned not in health
    reports(desk.visitor())
    with desk.change():
        jobs.db.session.execute(
            jobs.update(jobs.Job).where(jobs.Job.done_at.is_(None)).values(dead_at=desk.now)
        )
    assert agent.page("/desk/health") == health
    assert "n’a pas pu être envoyé" in officer.page("/desk/cyber")


def test_evidence_is_drawn_anew_and_given_to_readers_alone(desk: Town) -> None:
    ref = ref_in(reports(desk.visitor()))
    officer = desk.signed_in("cyber_officer")
    name = desk.one("SELECT stored_name FROM attachment")
    response = officer.get(f"/desk/cyber/{ref}/evidence/{name}")
    assert response.status_code == 200
    assert response.get_data() != PLAIN["jpeg"]
    for person in (desk.signed_in("agent"), desk.signed_in("administrator")):
        assert person.get(f"/desk/cyber/{ref}/evidence/{name}").status_code == 404
        assert person.get(f"/desk/cases/{ref}/photos/{name}").status_code == 404
    assert desk.visitor().get(f"/incidents/{ref}/photos/{name}").status_code == 404
    page = officer.page(f"/desk/cyber/{ref}")
    assert "hxxps[:]//evil[.]example" in page
    assert "https://evil.example" not in page

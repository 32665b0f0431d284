# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of the street desk: batches say first what they will do, rules are tried first."""

import re

from support.street import RULES, with_rules
from support.town import Person, Town


def batch(agent: Person, *refs: str, step: str, **form: str) -> tuple[int, str]:
    answer = agent.post("/desk/incidents/batch", {"ref": list(refs), "step": step, **form})
    return answer.status_code, answer.get_data(as_text=True)


def test_a_batch_says_what_will_happen_then_does_all_or_what_it_can(village: Town) -> None:
    names = with_rules(village)
    agent = village.signed_in("agent")
    one, two = village.report(), village.report()
    closed = village.report()
    village.close(closed, "resolved")
    refs = (one, two, closed)
    form = {"action": "close", "outcome": "resolved", "words": "Tournée faite."}

    def stand() -> dict[str, str]:
        return {r.ref: r.status for r in village.rows('SELECT ref, status FROM "case"')}

    before = stand()
    status, page = batch(agent, *refs, step="confirm", **form)
    assert status == 200
    assert page.count("Refusé") == 1
    assert stand() == before
    status, page = batch(agent, *refs, step="do", how="all", **form)
    assert status == 422
    assert "Rien n’a été modifié" in page
    assert stand() == before
    leak = {**form, "words": "Voyez avec le 06 12 34 56 78"}
    status, page = batch(agent, one, step="do", how="each", **leak)
    assert "1" in page
    assert stand() == before
    status, page = batch(agent, *refs, step="do", how="each", **form)
    assert status == 200
    assert "2 signalements ont été modifiés" in page
    assert stand() == {one: "resolved", two: "resolved", closed: "resolved"}
    assert batch(agent, step="do", action="route")[0] == 422
    three, four = village.report(), village.report()
    department = str(names["Propreté"])
    assert batch(agent, three, four, step="do", action="route", department=department)[0] == 200
    merged = {"action": "merge", "duplicate_of": three}
    status, page = batch(agent, three, four, "2027-9999", step="do", how="each", **merged)
    assert stand()[four] == "duplicate"
    assert stand()[three] == "open"
    assert page.count("Refusé") == 2
    village.release(three)
    assert batch(agent, three, step="do", action="hold", words="Une plaque se lit")[0] == 200
    assert "lampadaire" not in village.visitor().page(f"/incidents/{three}")


def test_filters_are_kept_by_agent_under_a_name(village: Town) -> None:
    names = with_rules(village)
    agent, other = village.signed_in("agent"), village.signed_in("agent")
    ref, elsewhere = village.report(), village.report(category="graffiti", description="Un tag")
    form = {"name": "Voirie en retard", "department": str(names["Voirie"]), "sort": "category"}
    kept = agent.post("/desk/incidents/filters", form)
    assert kept.status_code == 303
    page = agent.page("/desk/incidents")
    link = re.search(r'class="chip" href="([^"]+)">Voirie en retard', page)
    assert link is not None
    narrowed = agent.page(link[1].replace("&amp;", "&"))
    assert ref in narrowed
    assert elsewhere not in narrowed
    assert "Voirie en retard" not in other.page("/desk/incidents")
    for bad in ("?sort=x", "?department=x", "?cursor=x", "?state=nothing", "?window=x&view=map"):
        assert agent.get(f"/desk/incidents{bad}").status_code in {200, 422}, bad
    [number] = village.rows("SELECT id FROM saved_filter")[0]
    assert other.post(f"/desk/incidents/filters/{number}/remove").status_code == 404
    assert agent.post(f"/desk/incidents/filters/{number}/remove").status_code == 303


def test_rules_are_tried_kept_ordered_and_taken_from_a_file(village: Town) -> None:
    admin = village.signed_in("administrator")
    assert village.signed_in("agent").get("/desk/incidents/rules").status_code == 403
    before = village.report()
    answer = admin.post("/desk/incidents/rules/file", {"file": RULES})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    wrong = {"file": "[[rules]]\ncategory = 'nowhere'\n[delays]\nroad = {working_days = 0}"}
    said = admin.post("/desk/incidents/rules/file", wrong)
    assert said.status_code == 422
    assert "nowhere" in said.text
    assert "delays.road" in said.text
    assert "rule 1" in said.text
    assert village.one("SELECT count(*) FROM street_rule") == 3  # nothing was replaced
    rule = {"category": "lighting", "department": "2", "step": "try"}
    tried = admin.post("/desk/incidents/rules", rule)
    assert tried.status_code == 200
    assert before in tried.text
    assert village.one("SELECT count(*) FROM street_rule") == 3
    assert admin.post("/desk/incidents/rules", {**rule, "step": "keep"}).status_code == 303
    assert admin.post("/desk/incidents/rules", {"step": "keep"}).status_code == 422
    number = village.one("SELECT max(id) FROM street_rule")
    for _ in range(4):
        assert admin.post(f"/desk/incidents/rules/{number}/up").status_code == 303
    assert admin.post("/desk/incidents/rules/route").status_code == 303
    department = village.one('SELECT department_id FROM "case" WHERE ref = :r', r=before)
    assert department == 2  # the rule that stands first now
    bad = admin.post("/desk/incidents/areas", {"name": "Nord", "corners": "91 2\n3 4"})
    assert bad.status_code == 422
    delays = {f"{w}-{c}": "7" for w in ("due", "remind") for c in CODES}
    assert admin.post("/desk/incidents/delays", delays).status_code == 303
    assert admin.post("/desk/incidents/delays", {**delays, "due-road": "x"}).status_code == 422
    assert village.one("SELECT working_days FROM street_target WHERE category = 'road'") == 7


CODES = (
    "lighting", "road", "waste", "graffiti", "greenery", "furniture", "signs", "water", "vehicles",
    "other_street", "neighbours", "hygiene", "persons",
)  # fmt: skip

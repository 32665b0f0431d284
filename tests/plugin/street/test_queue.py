# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports are routed at reception, stand in the queue by their date, and are handled in batches."""

from datetime import date

from beffroi.cases import service as case_service
from beffroi.street import queries
from beffroi.street.queries import desk
from support.street import with_rules
from support.town import AGENT, Town


def head(town: Town, ref: str) -> tuple[int | None, date | None]:
    """The department and the date of a case."""
    row = town.rows('SELECT department_id, due_on FROM "case" WHERE ref = :r', r=ref)[0]
    due = row.due_on
    return row.department_id, date.fromisoformat(due) if isinstance(due, str) else due


def test_a_report_is_routed_and_dated_when_it_comes(town: Town) -> None:
    names = with_rules(town)
    by_words = town.report()
    by_category = town.report(category="waste", description="Un matelas sur le trottoir")
    nobody = town.report(category="graffiti", description="Un tag sur le mur")
    assert head(town, by_words) == (names["Voirie"], date(2027, 1, 18))  # four working days
    assert head(town, by_category) == (names["Propreté"], date(2027, 1, 15))
    assert head(town, nobody)[0] is None
    with town.look():
        found = desk.page({}, desk.Who(None, town.today))
        assert [line.head.ref for line in found.items] == [by_category, by_words, nobody]
        kept = queries.kept(town.id_of(by_words))
        assert kept is not None
        assert kept.rule_id is not None


def test_the_queue_follows_each_change_and_pages_in_every_order(town: Town) -> None:
    names = with_rules(town)
    refs = [town.report(category=c) for c in ("lighting", "waste", "graffiti", "signs", "road")]
    with town.change():
        case = case_service.the_case(refs[2])
        case_service.assign(
            case, department_id=names["Propreté"], account_id=None, actor=AGENT, now=town.now
        )
    town.close(refs[1], "resolved")
    town.remove(refs[3])
    who = desk.Who(None, town.today)
    with town.look():
        for sort in ("due", "department", "category", "newest"):
            whole = [line.head.ref for line in desk.page({"sort": sort}, who).items]
            paged, cursor = [], ""
            while True:
                found = desk.page({"sort": sort, "cursor": cursor}, who, most=1)
                paged += [line.head.ref for line in found.items]
                if not found.next_cursor:
                    break
                cursor = found.next_cursor
            assert sorted(whole) == sorted({refs[0], refs[2], refs[4]}), sort
            assert paged == whole, sort
        closed = desk.page({"state": "closed"}, who).items
        assert [line.head.ref for line in closed] == [refs[1]]
        mine = desk.page({"department": str(names["Propreté"])}, who).items
        assert [line.head.ref for line in mine] == [refs[2]]
        assert desk.counts({}, who, ("open", "late")) == {"open": 3, "late": 0}

# SPDX-License-Identifier: AGPL-3.0-or-later
import base64
import json
from datetime import date, timedelta
from typing import Any

import pytest

from beffroi.cases import service as cases
from beffroi.data_requests import queries, service
from beffroi.kernel.errors import Gone, Invalid, NotFound
from beffroi.legal.law import law_of
from beffroi_privacy.commitments import commit
from support.town import AGENT, CITIZEN, REQUEST, Town, at_once


def ask(town: Town, email: str = "alix@citizens.example", **fields: str) -> str:
    """Send the form with an e-mail address; return the token that the mail carries."""
    with town.change():
        service.ask_confirmation(
            {**REQUEST, **fields}, email=email, lang="fr", now=town.now, chance=town.chance
        )
    jobs = town.rows("SELECT args FROM job WHERE name = 'send-confirmation' ORDER BY id DESC")
    args = jobs[0].args
    return str((json.loads(args) if isinstance(args, str) else args)["token"])


def by_agent(town: Town) -> dict[str, Any]:
    law = law_of(town.settings.communes)
    return {"actor": AGENT, "now": town.now, "today": town.today, "law": law}


def confirm(town: Town, token: str) -> str:
    with town.change():
        return service.confirm(
            token,
            actor=CITIZEN,
            now=town.now,
            today=town.today,
            chance=town.chance,
            communes=town.settings.communes,
        )


def test_a_request_by_e_mail_is_no_case_before_its_address_is_confirmed(town: Town) -> None:
    token = ask(town)
    assert town.one('SELECT count(*) FROM "case"') == 0
    town.later(hours=30)
    ref = confirm(town, token)
    [case] = town.rows('SELECT channel, received_on, due_on FROM "case"')
    assert case.channel == "email"
    assert str(case.received_on) == "2027-01-13"  # the delay runs from the confirmation
    assert str(case.due_on) == "2027-02-13"
    assert ref == "2027-0001"
    assert [r.email for r in town.rows("SELECT email FROM party")] == ["alix@citizens.example"]


def test_a_second_click_finds_the_same_case(town: Town) -> None:
    token = ask(town)
    assert confirm(town, token) == confirm(town, token)
    assert town.one('SELECT count(*) FROM "case"') == 1
    assert town.one("SELECT count(*) FROM outbox") == 1


def test_a_confirmed_form_is_not_kept_twice(village: Town) -> None:
    confirm(village, ask(village))
    assert "Menus" not in str(village.one("SELECT form FROM pending_request"))


def test_a_link_older_than_two_days_makes_no_case(town: Town) -> None:
    token = ask(town)
    town.later(hours=48, minutes=1)
    with pytest.raises(Gone):
        confirm(town, token)
    assert town.one('SELECT count(*) FROM "case"') == 0


def test_an_unknown_link_makes_no_case(village: Town) -> None:
    with pytest.raises(NotFound):
        confirm(village, "f" * 48)


def test_an_unconfirmed_request_is_forgotten_and_a_fresh_one_is_not(village: Town) -> None:
    ask(village)
    village.later(hours=49)
    ask(village, "sam@citizens.example")
    with village.change():
        assert service.forget_unconfirmed(village.now) == 1
    assert [r.email for r in village.rows("SELECT email FROM pending_request")] == [
        "sam@citizens.example"
    ]


def test_the_table_of_unconfirmed_requests_does_not_hold_the_link(village: Town) -> None:
    token = ask(village)
    row = village.rows("SELECT * FROM pending_request")[0]
    assert token not in str(tuple(row))


def test_the_mail_with_the_link_is_sent_and_its_job_forgets_address_and_link(village: Town) -> None:
    token = ask(village)
    village.work()
    assert [m["To"] for m in village.mail.messages] == ["alix@citizens.example"]
    assert token in str(village.mail.messages[0].get_content())
    assert not [r for r in village.rows("SELECT args FROM job") if "alix" in str(r.args)]


def test_the_receipt_is_what_the_log_commits_to(town: Town) -> None:
    ref = town.request(purpose="Pour comparer")
    with town.look():
        kept = queries.receipt(town.id_of(ref))
    assert kept is not None
    salt, content = kept
    document = json.loads(content)
    assert document["ref"] == ref
    assert document["received"]["title"] == REQUEST["title"]
    codes = town.one("SELECT codes FROM outbox WHERE fact = 'received'")
    commitment = (json.loads(codes) if isinstance(codes, str) else codes)["commitment"]
    assert base64.urlsafe_b64decode(commitment + "=") == commit(salt, content)


def test_two_equal_requests_have_different_commitments(village: Town) -> None:
    village.request()
    village.request()
    rows = village.rows("SELECT codes FROM outbox WHERE fact = 'received'")
    assert len({str(r.codes) for r in rows}) == 2


def test_a_letter_runs_from_its_true_day(village: Town) -> None:
    day = date(2026, 12, 31)
    with village.change():
        party = cases.party_at_desk(
            name="Alix Citizen", postal="1 rue Haute", email=" Alix@X.example ", lang="fr",
            now=village.now,
        )  # fmt: skip
        case = service.receive(
            REQUEST,
            service.Reception(party, "letter", day, "fr"),
            actor=AGENT,
            now=village.now,
            chance=village.chance,
            communes=village.settings.communes,
        )
        assert case.ref == "2026-0001"
        assert (case.received_on, case.due_on) == (day, date(2027, 1, 31))
    assert village.one("SELECT email FROM party") == "alix@x.example"


def test_a_commune_of_another_town_is_refused(village: Town) -> None:
    with pytest.raises(Invalid) as refused:
        village.request(commune="75056")
    assert set(refused.value.errors) == {"commune"}
    ref = village.request()
    assert village.one('SELECT commune FROM "case" WHERE ref = :r', r=ref) == "99999"


def test_the_clock_follows_the_kind_of_thing_asked_for(village: Town) -> None:
    ref = village.request(object="api")
    assert village.one('SELECT due_on FROM "case"') is None
    with village.change():
        service.classify(
            cases.the_case(ref), theme="EDUC", wanted_object="dataset", **by_agent(village)
        )
    assert str(village.one('SELECT due_on FROM "case"')) == "2027-02-12"
    [row] = village.rows("SELECT theme, object FROM data_request")
    assert tuple(row) == ("EDUC", "dataset")


@pytest.mark.parametrize("wrong", [{"theme": "XXXX"}, {"wanted_object": "castle"}])
def test_a_theme_or_kind_that_does_not_exist_is_refused(
    village: Town, wrong: dict[str, str]
) -> None:
    ref = village.request()
    chosen = {"theme": None, "wanted_object": None, **wrong}
    with pytest.raises(Invalid), village.change():
        service.classify(cases.the_case(ref), **chosen, **by_agent(village))


def test_only_a_data_request_is_classified(village: Town) -> None:
    ref = village.report()
    with pytest.raises(NotFound), village.change():
        service.classify(cases.the_case(ref), theme="EDUC", wanted_object=None, **by_agent(village))


def test_similar_requests_are_public_ones_that_share_a_word(village: Town) -> None:
    shown, hidden = village.request(), village.request(title="Menus des cantines privées")
    village.release(shown)
    with village.look():
        assert [r.ref for r in queries.similar("Menus d’autres cantines")] == [shown]
        assert queries.similar("Menus", but=cases.the_case(shown).id) == []
        assert queries.similar("le la les") == []
    assert hidden not in (shown,)


def test_the_figures_count_public_requests(village: Town) -> None:
    refs = [village.request() for _ in range(4)]
    village.answer(refs[0], "redirected")
    village.remove(refs[1])
    with village.look():
        assert queries.figures() == {"asked": 3, "answered": 1, "open": 2}


def test_a_request_late_in_the_evening_is_of_the_towns_own_day(village: Town) -> None:
    village.clock.move(timedelta(hours=12, minutes=30))  # 23:30 in UTC, half past midnight here
    village.request()
    assert str(village.one('SELECT received_on FROM "case"')) == "2027-01-13"


def test_two_clicks_at_the_same_moment_make_one_case(town: Town) -> None:
    token = ask(town)
    results = at_once([lambda: confirm(town, token)] * 3)
    assert set(results) == {"2027-0001"}
    assert town.one('SELECT count(*) FROM "case"') == 1

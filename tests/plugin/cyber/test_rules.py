# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hours are hours, embargoes have zones, sites have owners, links cannot be opened."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.cyber import rules
from beffroi.cyber.rules import embargo
from beffroi.cyber.rules.clocks import ATTACKS, circumstances
from beffroi.cyber.rules.sites import Known, addresses_of, defanged, host_of, owner_of
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel.errors import Invalid
from beffroi.legal.hours import AWARE, CIRCUMSTANCES, load, parse
from beffroi.legal.packs import PackFault
from beffroi_federation.vocabulary import CLASSES, IMPACT_BANDS, SURFACES

PACK = load("fr")
MOMENTS = st.integers(1_767_000_000, 1_956_000_000).map(lambda n: datetime.fromtimestamp(n, UTC))
ZONES = st.sampled_from(embargo.OFFERED)


@given(MOMENTS, ZONES)
def test_hours_pass_whatever_the_clocks_on_the_wall_do(began: datetime, zone: str) -> None:
    for delay in PACK.delays:
        ends = delay.ends(began, zone)
        if delay.hours:
            assert ends is not None
            assert ends - began == timedelta(hours=delay.hours)
            assert delay.ends(began.astimezone(ZoneInfo(zone)), "UTC") == ends


@given(MOMENTS, ZONES)
def test_a_month_ends_at_the_same_hour_of_the_same_day_or_the_month_s_last(
    began: datetime, zone: str
) -> None:
    ends = PACK.delay("nis2_report").ends(began, zone)
    assert ends is not None
    before, after = began.astimezone(ZoneInfo(zone)), ends.astimezone(ZoneInfo(zone))
    assert (after.year * 12 + after.month) - (before.year * 12 + before.month) == 1
    assert after.day == before.day or (
        after.day < before.day and (after + timedelta(days=1)).day == 1
    )
    skipped = abs((after.hour * 60 + after.minute) - (before.hour * 60 + before.minute))
    assert skipped in (0, 60, 23 * 60)  # an hour that does not exist on that day


def test_72_hours_over_the_night_on_which_clocks_go_back_are_72_hours() -> None:
    began = datetime(2026, 10, 24, 9, 0, tzinfo=ZoneInfo("Europe/Paris"))
    ends = PACK.delay("gdpr_33").ends(began, "Europe/Paris")
    assert ends is not None
    assert ends.astimezone(ZoneInfo("Europe/Paris")).strftime("%d %H:%M") == "27 08:00"


def test_every_delay_says_where_it_comes_from_and_the_pack_is_refused_whole() -> None:
    official = {d.code: d.rule.official for d in PACK.delays}
    assert official == {
        "gdpr_33": True, "gdpr_34": True, "complaint": True, "nis2_warning": True,
        "nis2_notification": True, "nis2_report": True, "disclosure": False,
    }  # fmt: skip
    assert {d.code for d in PACK.begun(AWARE, CIRCUMSTANCES)} == set(official) - {"nis2_report"}
    assert PACK.begun(AWARE, {"nis2"}) == ()
    good = (
        'code="x"\nname={fr="a",en="a"}\nnotice={fr="a",en="a"}\n[[delay]]\ncode="one"\n'
        'after="aware"\nhours=1\narticle="a"\nsource="https://a"\nofficial=true\n'
        'checked_on=2026-11-30\nsays={fr="a",en="a"}\nnext={fr="a",en="a"}\n'
    )
    assert parse(good).delay("one").hours == 1
    for wrong in ("hours=1\nmonths=1", "", "hours=1\nweeks=2", 'hours=1\nwhen=["rain"]'):
        with pytest.raises(PackFault):
            parse(good.replace("hours=1", wrong))
    with pytest.raises(PackFault):
        parse(good.replace('"aware"', '"later"'))


def test_what_is_proposed_exists_and_the_codes_are_those_of_records() -> None:
    assert set(rules.RSIT) == set(CLASSES)
    assert set(rules.SEVERITIES) == set(IMPACT_BANDS)
    assert set(rules.SURFACES) == set(SURFACES)
    assert set(rules.PROPOSED.values()) | ATTACKS <= set(rules.RSIT_CODES)
    cyber = {c.code for c in CATEGORIES.values() if c.family == "cyber"}
    assert set(rules.QUESTIONS) == set(rules.PROPOSED) == cyber


def test_delays_follow_from_what_a_case_is_and_whose_the_site_is() -> None:
    def holds(category: str, owner: str = "ours", **more: object) -> set[str]:
        given = {"rsit": None, "personal_data": False, "nis2": False, **more}
        return set(circumstances(category=category, owner=owner, **given))  # type: ignore[arg-type]

    assert holds("defaced") == {"attack"}
    assert holds("defaced", rsit="availability:outage") == set()
    assert holds("down") == set()
    assert holds("data_visible", personal_data=True, nis2=True) == {"personal_data", "nis2"}
    assert holds("weakness") == {"research"}
    assert holds("defaced", "public", personal_data=True, nis2=True) == set()


def test_an_embargo_is_a_day_an_hour_and_a_zone() -> None:
    def ends(day: date | None, hour: str, zone: str = "Europe/Paris") -> datetime | None:
        return embargo.ends_at(day, hour, zone, own="Europe/Paris")

    assert ends(None, "") is None
    assert ends(date(2027, 1, 12), "09:30") == datetime(2027, 1, 12, 8, 30, tzinfo=UTC)
    assert ends(date(2027, 1, 12), "09:30", "Indian/Reunion") == datetime(
        2027, 1, 12, 5, 30, tzinfo=UTC
    )
    assert ends(date(2027, 10, 31), "02:30") == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    for day, hour, zone, named in (
        (date(2027, 1, 12), "", "Europe/Paris", "embargo_hour"),
        (None, "09:30", "Europe/Paris", "embargo_day"),
        (date(2027, 1, 12), "noon", "Europe/Paris", "embargo_hour"),
        (date(2027, 3, 28), "02:30", "Europe/Paris", "embargo_hour"),
        (date(2027, 1, 12), "09:30", "Mars/Olympus", "embargo_zone"),
    ):
        with pytest.raises(Invalid) as refused:
            ends(day, hour, zone)
        assert set(refused.value.errors) == {named}


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("https://www.Ville.Example/page?x=1", "ville.example"),
        ("www.ville.example", "ville.example"),
        ("hxxps[:]//mairie[.]ville.example:8443/a", "mairie.ville.example"),
        ("http://user:secret@evil.example@real.example/", "real.example"),
        ("mairie-bück.example", "xn--mairie-bck-heb.example"),
        ("le site de la ville", ""),
        ("", ""),
        ("...", ""),
    ],
)
def test_a_site_is_known_by_its_host(typed: str, host: str) -> None:
    assert host_of(typed) == host


@given(st.text("aé.:/@-[]x \n?#’", max_size=60))
def test_no_text_breaks_the_reading_of_a_host_and_what_comes_out_is_one(typed: str) -> None:
    host = host_of(typed)
    assert host == "" or host_of(host) == host.removeprefix("www.")


def test_the_longest_entry_of_the_list_says_whose_a_site_is() -> None:
    known = [
        Known("ville.example", True, "La ville"),
        Known("musee.ville.example", False, "Le musée", "rssi@musee.example"),
    ]
    assert owner_of("www2.ville.example", known).code == "ours"
    assert owner_of("musee.ville.example", known).contact == "rssi@musee.example"
    assert owner_of("notville.example", known).code == "unknown"
    assert owner_of("impots.gouv.fr", known).code == "public"
    assert owner_of("impots-gouv.fr", known).code == "unknown"


@given(st.lists(st.sampled_from(
    ["https://", "HTTP://", "ftp://", "a", ".", "evil.example", " ", "hxxp[:]//", "é", "1.2.3.4",
     "x@y.fr", "/", "…", "\n"]
), max_size=12))  # fmt: skip
def test_nothing_that_is_shown_can_be_opened_and_twice_is_once(pieces: list[str]) -> None:
    shown = defanged("".join(pieces))
    assert "://" not in shown.lower().replace("[:]//", "")
    assert "evil.example" not in shown
    assert defanged(shown) == shown


def test_links_read_as_people_who_defend_systems_write_them() -> None:
    assert defanged("Voir https://a.evil.example/x") == "Voir hxxps[:]//a[.]evil[.]example/x"
    assert defanged("Fin. Début 3.14") == "Fin. Début 3.14"
    assert addresses_of(" a \n\n b ") == ("a", "b")
    for wrong in ("x\n" * 11, "x" * 501):
        with pytest.raises(Invalid):
            addresses_of(wrong)

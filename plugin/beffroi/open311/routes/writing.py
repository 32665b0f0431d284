# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports that other applications send, with their key: `POST /open311/v2/requests`.

Everything that is wrong is said at once, as a list. Of what says who reported it, nothing is kept:
names, e-mail address, telephone, device and account are dropped where they arrive. Where they stand
in the description too, they are marked there for the agent, as words to be hidden.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Response, request
from flask_babel import force_locale, gettext

from beffroi.cases.rules import TEXT_LIMITS
from beffroi.incidents.adapters import photos
from beffroi.incidents.queries import asked as queries
from beffroi.incidents.rules import StoredPhoto, questions
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.extension import extension, settings
from beffroi.open311 import rules, service
from beffroi.open311.routes.reading import COMMUNE, DATE, SERVICES, case_page
from beffroi.open311.routes.shared import answer, both, check_jurisdiction, client, given, zone
from beffroi.open311.rules import Fault, NotTaken
from beffroi.open311.schemas import Many
from beffroi.places import queries as places
from beffroi_web.csrf import csrf_exempt
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.uploads import takes_files

PERSONAL = ("first_name", "last_name", "email", "phone")
"""What says who it was; `device_id` and `account_id` are not even looked at."""


@both("/v2/requests", methods=("POST",))
@csrf_exempt
@takes_files(photos.MOST_BODY)
@guard(PUBLIC)
def create() -> Response:
    """Take a report, and give its number at once."""
    sender = client()
    check_jurisdiction(given("jurisdiction_id", request.form))
    now = clock.now()
    today = clock.local_day(now, settings().time_zone)
    sent, faults = _checked(request.form, today)
    kept, photo_faults = attached()
    faults += photo_faults
    if faults:
        raise NotTaken(*faults)
    lang = settings().languages[0]
    with unit_of_work():
        ref = service.take_report(
            replace(sent, photos=kept),
            sender,
            communes=settings().communes,
            lang=lang,
            now=now,
            today=today,
            chance=system_chance,
            asked=queries.questions(settings().questions),
        )
    with force_locale(lang):
        one = {"service_request_id": ref, "service_notice": gettext(rules.NOTICE)}
    response = answer("service_requests", Many("request", [{**one, "account_id": None}]), 201)
    response.headers["Location"] = case_page(ref)
    return response


def _checked(form: Mapping[str, str], today: date) -> tuple[service.Sent, list[Fault]]:
    """Return a report as it can be taken, and all that is wrong with it."""
    faults: list[Fault] = []
    code = given("service_code", form)
    if not code:
        faults.append(rules.missing("service_code"))
    elif code not in SERVICES:
        faults.append(rules.NO_SERVICE)
    where, wrong = rules.position(
        given("lat", form), given("long", form), settings().communes, extension().outline
    )
    faults += wrong
    address, number = given("address_string", form), given("address_id", form)
    if where is None and not wrong and not address and not number:
        faults.append(rules.missing("lat and long, address_string or address_id"))
    words = given("description", form).replace("\r\n", "\n")
    faults += rules.word_faults("description", words, rules.LONGEST_DESCRIPTION)
    faults += rules.word_faults("address_string", address, TEXT_LIMITS["place"])
    faults += rules.word_faults("address_id", number, rules.LONGEST_ID)
    asked, wrong = _attributes(form, today)
    faults += wrong
    answers, wrong = _answers(form, code)
    faults += wrong
    said = [f"address_id: {number}"] if number else []
    if where is not None:
        said.append(f"lat, long: {where[0]}, {where[1]}")
    found = None
    if where is None and address and not faults:
        found = places.find(address, commune=asked["commune"] or "").surely()
    if found is not None:
        asked["commune"] = asked["commune"] or found.commune
        said.append(f"address_string: {found.label}")
    linked, wrong = link(form)
    fields = {
        "category": code,
        "description": words,
        "place": address,
        "hide": hidden(form),
        "answers": answers,
        **asked,
    }
    return service.Sent(fields, where, (), [*said, *linked], found), [*faults, *wrong]


def hidden(form: Mapping[str, str]) -> tuple[str, ...]:
    """Return what says who it was, to be hidden where it stands in the words; kept nowhere else."""
    return tuple(said for name in PERSONAL if 2 <= len(said := given(name, form)) <= 100)


def link(form: Mapping[str, str]) -> tuple[list[str], list[Fault]]:
    """Return the address of a picture as a line for agents; nobody here ever fetches it."""
    said = given("media_url", form)
    if not said:
        return [], []
    faults = rules.word_faults("media_url", said, rules.LONGEST_URL)
    if not faults and not said.startswith(("https://", "http://")):
        faults = [Fault(400, "media_url is an address that begins with https://")]
    # Written so that no program makes a link of it: it leads to a place that nobody has looked at.
    return [f"media_url: {said.replace('://', '[:]//', 1)}"], faults


def _attributes(form: Mapping[str, str], today: date) -> tuple[dict[str, Any], list[Fault]]:
    """Return the attributes that a service asks for, and what is wrong; any other is dropped."""
    named = rules.attributes(list(form))
    said = {code: given(name, form) for name, code in named.items()}
    communes = settings().communes
    found: dict[str, Any] = {}
    faults = []
    commune = said.get(COMMUNE, "")
    if len(communes) > 1 and not commune:
        faults.append(rules.missing(f"attribute[{COMMUNE}]"))
    elif commune and commune not in communes:
        faults.append(Fault(400, f"attribute[{COMMUNE}] is one of {', '.join(communes)}"))
    else:
        found["commune"] = commune or None
    if day := said.get(DATE):
        try:
            happened = rules.moment(day, zone()).astimezone(zone()).date()
        except ValueError:
            faults.append(Fault(400, f"attribute[{DATE}] is not a date in the W3C format"))
        else:
            found["date"] = happened
            if happened > today:
                faults.append(Fault(400, f"attribute[{DATE}] has not come yet"))
    return found, faults


def _answers(form: Mapping[str, str], service: str) -> tuple[dict[str, str], list[Fault]]:
    """Return what was answered to a category's own questions, by their fields, and the faults."""
    named = rules.attributes(list(form))
    said = {code: given(name, form) for name, code in named.items()}
    asked = questions.of_category(queries.questions(settings().questions), service)
    answers = {one.field: said[one.code] for one in asked if one.code in said}
    _, wrong = questions.answers(asked, answers)
    faults = []
    for one in asked:
        if one.field in wrong and not answers.get(one.field):
            faults.append(rules.missing(f"attribute[{one.code}]"))
        elif one.field in wrong:
            faults.append(Fault(400, f"attribute[{one.code}] is no answer to a {one.kind}"))
        elif one.kind == "text":
            text = answers.get(one.field, "")
            faults += rules.word_faults(f"attribute[{one.code}]", text, questions.LONGEST)
    return answers, faults


def attached() -> tuple[Sequence[StoredPhoto], list[Fault]]:
    """Return the photos of a form, cleaned and stored, whatever their fields are called."""
    files = [file for _, file in request.files.items(multi=True)]
    brought = photos.read(files, chance=system_chance)
    if brought.faults:
        return (), [Fault(400, f"media: {said}") for said in brought.faults]
    return photos.keep(settings().data_dir, brought.photos), []

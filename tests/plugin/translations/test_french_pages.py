# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page, read in French, holds none of the English sentences that it was written with."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import beffroi
from beffroi.kernel.db import MIGRATIONS
from beffroi_web.catalogues import OWN_FOLDERS
from support.databases import fresh
from support.town import REPORT, REQUEST, Person, Town, open_town

FOLDERS = (*OWN_FOLDERS, Path(beffroi.__file__).parent / "translations")
PLACE = re.compile(r"%\(\w+\)[sd]")


def english() -> list[str]:
    """The English sentences of three words and more, whose French is another."""
    found = set()
    for folder in FOLDERS:
        with (folder / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as source:
            for message in read_po(source):
                ids = message.id if isinstance(message.id, tuple) else (message.id,)
                said = message.string if isinstance(message.string, tuple) else (message.string,)
                found |= {part.strip() for i in ids if i not in said for part in PLACE.split(i)}
    return sorted(part for part in found if len(part.split()) >= 3)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Town]:
    """A town of two communes with a case in most states, two months later."""
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url, communes=["99999", "99998"], kind="epci") as town:
        yield town


def read(person: Person, path: str, form: dict[str, str] | None = None) -> str:
    response = person.get(path) if form is None else person.post(path, form)
    assert response.headers["Content-Language"] == "fr", path
    return html.unescape(response.get_data(as_text=True))


def test_no_page_in_french_speaks_english(full: Town) -> None:
    citizen = full.signed_in(name="Alix")
    refs = [
        citizen.sends_request(purpose="Pour voir", area="Partout", commune="99999"),
        citizen.sends_request(object="api", title="Une interface pour les menus"),
        citizen.sends_request(title="Le contrat de la cantine"),
        citizen.sends_request(object="document", title="Le règlement de la cantine"),
    ]
    full.release(refs[0])
    full.release(refs[1])
    full.release(refs[2], "title")
    full.comment(refs[0], "Très utile")
    full.answer(refs[0], "refused", "Non, pas encore.", ground="privacy")
    full.answer(refs[1], "duplicate", "Voyez l’autre.", duplicate_of=refs[0])
    full.answer(refs[3], "planned", "Bientôt.", planned="2027-Q3")
    full.hold(refs[2], "title")
    reports = [
        citizen.sends_report(place="Rue Haute", date="2027-01-10"),
        citizen.sends_report(family="cyber", category="defaced"),
        citizen.sends_report(category="waste"),
    ]
    full.release(reports[0])
    full.close(reports[0], "resolved")
    full.remove(reports[2])
    token = full.follow(refs[0], "sam@citizens.example")
    full.later(days=60)
    citizen, administrator = full.signed_in(), full.signed_in("administrator", name="Camille")
    text = full.texts(refs[2])["wanted"]
    desk = f"/desk/cases/{refs[2]}"
    pages = {
        **{
            path: read(full.visitor(), path)
            for path in (
                "/", "/requests", "/requests?q=menus&status=refused&theme=EDUC", "/requests?q=zz",
                "/requests/new", "/requests/sent", "/requests/confirm/x", "/incidents", "/nothing",
                "/incidents?q=zz", "/incidents/new", "/how-it-works", "/accessibility", "/privacy",
                "/sign-in", "/data/", f"/follow/{token}", *(f"/requests/{r}" for r in refs),
                *(f"/incidents/{r}" for r in reports), "/requests?cursor=x", "/desk?x", "/log/x",
            )
            if not path.startswith("/desk")
        },
        **{
            path: read(administrator, path)
            for path in (
                "/desk", "/desk?queue=review", "/desk?q=zz", "/desk/health", "/desk/requests/new",
                "/desk/texts", "/desk/texts?shelf=drawn&status=clean", "/desk/texts?shelf=shown",
                f"/desk/texts/{text}", f"/desk/texts/{full.texts(refs[0])['title']}", "/desk/lists",
                "/account", "/sign-out", *(f"/desk/cases/{r}" for r in (*refs, *reports)),
                f"/requests/{refs[0]}",
            )
        },
        "preview": read(full.visitor(), "/incidents/new", {**REPORT, "step": "preview"}),
        "no preview": read(
            full.visitor(), "/incidents/new", {**REPORT, "category": "persons", "step": "preview"}
        ),
        "comment": read(
            citizen, f"/requests/{refs[0]}/comment", {"comment": "Oui", "step": "edit"}
        ),
        "wrong words": read(administrator, "/desk/lists", {"kind": "x", "words": "a"}),
        "wrong hold": read(administrator, f"/desk/texts/{text}", {"step": "hold"}),
        "wrong request": read(full.visitor(), "/requests/new", {**REQUEST, "title": "x"}),
        "wrong report": read(full.visitor(), "/incidents/new", {**REPORT, "date": "x"}),
        "forbidden": read(citizen, "/desk"),
        "no answer": read(administrator, f"{desk}/answer", {"outcome": "refused", "words": "Non"}),
        "no move": read(administrator, f"{desk}/move", {"status": "published"}),
        "gate": read(
            administrator,
            f"{desk}/texts/{text}/release",
            {"public": "jean.dupont@courriel.example, 06 12 34 56 78"},
        ),
    }  # fmt: skip
    full.work()
    pages |= {
        f"mail {n}": f"{m['Subject']}\n{m.get_content()}" for n, m in enumerate(full.mail.messages)
    }
    sentences = english()
    assert len(sentences) > 150
    assert len(pages) > 45
    found = [(path, s) for path, said in pages.items() for s in sentences if s in said]
    assert found == []

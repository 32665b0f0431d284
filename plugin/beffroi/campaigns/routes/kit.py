# SPDX-License-Identifier: AGPL-3.0-or-later
"""The kit: texts to post and an image of each phase, for whoever wants to spread the word."""

import textwrap
from dataclasses import dataclass

from flask import Response, render_template, url_for
from flask_babel import force_locale, gettext

from beffroi.campaigns import rules
from beffroi.campaigns.queries import Edition
from beffroi.campaigns.routes.shared import blueprint, shown, the_edition, title_of
from beffroi.campaigns.schemas import from_to, in_words
from beffroi.kernel import look
from beffroi.kernel.errors import NotFound
from beffroi.kernel.extension import settings
from beffroi_web.colours import readable_colours
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import explicit_language
from beffroi_web.words import N_

SHORT = {
    "call": N_("What should %(town)s open? Say it until %(last)s."),
    "sorting": N_("Which requests matter most to you? Rank them until %(last)s."),
    "research": N_("%(town)s is looking for what you asked. Follow it."),
    "note": N_("What was opened, what was not, and why: %(town)s writes it down."),
}
"""One line to post for each phase; a link follows it."""
_LINE, _MOST_LINES = 26, 3


@dataclass(frozen=True, slots=True)
class Post:
    """Words to post in one language."""

    lang: str
    short: str
    long: str


def _posts(one: Edition, phase: str, page: str) -> list[Post]:
    """Return the words to post of a phase, in each language of the town."""
    posts = []
    for lang in settings().languages:
        with force_locale(lang):
            first, last = one.plan.span(phase)
            days = from_to(first, last)
            short = gettext(SHORT[phase], town=settings().name, last=in_words(last))
            head = f"{title_of(one, lang)} · {gettext(rules.PHASES[phase])}"
            what = gettext(rules.WHAT_HAPPENS[phase])
        posts.append(Post(lang, f"{short} {page}", f"{head}, {days}.\n\n{what}\n\n{page}"))
    return posts


@blueprint.get("/campaigns/<slug>/kit")
@guard(PUBLIC)
def kit(slug: str) -> str:
    """Show the texts and images of an edition, to copy and to download."""
    one = the_edition(slug)
    page = settings().public_url + url_for("campaigns.show", slug=slug, lang=None)
    phases = [
        (phase, gettext(words), from_to(*one.plan.span(phase)), _posts(one, phase, page))
        for phase, words in rules.PHASES.items()
    ]
    return render_template(
        "campaigns/kit.html", one=one, shown=shown(one), phases=phases,
        languages=settings().languages,
    )  # fmt: skip


@blueprint.get("/campaigns/<slug>/kit/<phase>.svg")
@guard(PUBLIC)
def image(slug: str, phase: str) -> Response:
    """Give the image of a phase: 1,200 by 630, as sites that show links like it."""
    one = the_edition(slug)
    if phase not in rules.PHASES:
        raise NotFound(N_("There is no such campaign."))
    lines = textwrap.wrap(title_of(one), _LINE)[:_MOST_LINES]
    body = render_template(
        "campaigns/image.svg",
        colour=readable_colours(look.worn(settings())).light,
        town=settings().name,
        lines=lines,
        below=250 + 78 * len(lines),
        phase=gettext(rules.PHASES[phase]),
        days=from_to(*one.plan.span(phase)),
        address=settings().public_url.split("//", 1)[1],
    )
    response = Response(body, mimetype="image/svg+xml")
    response.headers["Content-Disposition"] = f'inline; filename="{slug}-{phase}.svg"'
    if not explicit_language():
        response.vary.add("Accept-Language")
    return response

# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the buttons of providers show beside their words."""

from collections.abc import Callable, Mapping

from werkzeug.wrappers import Response

from beffroi_web.errors import NotFound
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.sign_in.logos import read_logo
from beffroi_web.words import N_


def logo_view(paths: Mapping[str, str]) -> Callable[[str], Response]:
    """Return the view that gives a provider's picture, by its key; the files are read now, once."""
    logos = {key: read_logo(path) for key, path in paths.items() if path}

    @guard(PUBLIC)
    def logo(provider: str) -> Response:
        found = logos.get(provider)
        if found is None:
            raise NotFound(N_("There is no sign-in provider of this name."))
        return Response(found.content, mimetype=found.mimetype)

    return logo

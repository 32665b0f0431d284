# SPDX-License-Identifier: AGPL-3.0-or-later
"""Parts of pages that are made of the nation's figures alone, put together once a picture.

    {% set keep = pieces_of(picture) %}
    {{ keep("rate", parts.tile_map, map, _("…")) }}     the macro is called the first time only

The figures of a large nation are kept by a process for a minute; what a language makes of them is
kept with them, and goes with them. Never hand over anything else that changes.
"""

from collections.abc import Callable, Hashable
from typing import Any

from flask import request
from jinja2.runtime import Macro

from beffroi_federation.aggregator.dashboards.queries.figures import Picture
from beffroi_web.languages import current_language, explicit_language

Keep = Callable[..., Any]


def pieces_of(picture: Picture) -> Keep:
    """Return a function `(name, make, *values)` that recalls what was made under a name."""
    speaks = (current_language(), explicit_language(), request.script_root)

    def keep(name: Hashable, make: Any, *values: Any) -> Any:
        key = (*speaks, make.name if isinstance(make, Macro) else make.__name__, name)
        found = picture.pieces.get(key)
        if found is None:
            found = picture.pieces[key] = make(*values)
        return found

    return keep

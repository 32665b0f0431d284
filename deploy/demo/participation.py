# SPDX-License-Identifier: AGPL-3.0-or-later
"""A participation site of the demonstration: it shows the towns' frames, as a Decidim would.

One page, at `/participation` of the sign-in provider's address, the only one that the towns of the
demonstration let show their frames. Nothing of it runs a script.
"""

from html import escape

from flask import Flask

from beffroi.embedding.rules import HEIGHTS
from beffroi.embedding.rules.snippets import Embed, framed
from demo.places import Layout, Town

PATH = "/participation"
_STYLE = """
body { margin: 0; font: 17px/1.5 system-ui, sans-serif; color: #3e4c5c; background: #fff; }
header { padding: 16px 24px; border-bottom: 4px solid #e02d2d; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
  gap: 24px; max-width: 72rem; margin: 0 auto; padding: 24px; }
h1, h2 { line-height: 1.2; color: #14342b; } h1 { margin: 0; font-size: 1.5rem; }
h2 { font-size: 1.2rem; } a { color: #b42300; }
"""


def add_page(app: Flask, layout: Layout) -> None:
    """Let an application that is not yet served show the frames of every town."""

    @app.get(PATH)
    def participation() -> str:
        shown = "".join(
            f"<section><h2>{escape(town.name)}</h2>{_frames(town)}</section>"
            for town in layout.towns
        )
        return (
            '<!doctype html><html lang="fr"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>Participer (démonstration)</title><style>{_STYLE}</style></head><body>"
            "<header><h1>Participer</h1><p>Démonstration\u00a0: un site de participation qui"
            " n’existe pas, et les cadres des villes.</p></header>"
            f"<main>{shown}</main></body></html>"
        )


def _frames(town: Town) -> str:
    asked = (("board", "/requests", "Demandes d’ouverture"), ("counter", "/statistics", "Chiffres"))
    return "".join(
        framed(
            Embed(
                address=f"{town.url}/embed/{show}?locale=fr",
                page=f"{town.url}{page}?lang=fr",
                title=f"{words} · {town.name}",
                height=HEIGHTS[show],
                site=town.url,
                attributes={},
            )
        )
        for show, page, words in asked
    )

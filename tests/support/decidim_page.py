# SPDX-License-Identifier: AGPL-3.0-or-later
"""Plays a Decidim site that shows a town's frames: its security policy, its consent, its scrubber.

Written from what was read in Decidim's source (`docs/how-to/embed-in-decidim.md` says what): it is
not Decidim, none could be run. The policy is its default with what the operator added
(`content_security_policy.rb`). Until a visitor accepts every category, `consent_manager.js` puts a
placeholder in the place of each iframe, with the iframe in a comment, and rich text comes with that
placeholder from the server (`iframe_disabler.rb`, which also forbids scrolling). Rich text keeps of
an iframe `src`, `frameborder` and `allowfullscreen`, and no script (`AdminInputScrubber`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from flask import Flask, Response, request

KEPT: Mapping[str, frozenset[str]] = {
    "iframe": frozenset({"src", "frameborder", "allowfullscreen"}),
    "p": frozenset(),
    "a": frozenset({"href"}),
}
"""What an administrator's rich text keeps, as far as the snippets need it."""
AWESOME = frozenset(
    "src width height frameborder title allow name referrerpolicy sandbox srcdoc allowfullscreen"
    .split()
)  # fmt: skip
"""The attributes that the iframe component of decidim_awesome keeps."""
CONSENT = """
(function () {
  function refresh(all) {
    if (all) document.querySelectorAll(".disabled-iframe").forEach(function (box) {
      var said = Array.from(box.childNodes).find(function (one) { return one.nodeType === 8; });
      if (!said) return;
      var made = document.createElement("div");
      made.innerHTML = said.nodeValue;
      box.replaceWith(made.firstElementChild);
    });
    else document.querySelectorAll("iframe").forEach(function (frame) {
      var box = document.createElement("div");
      box.className = "disabled-iframe";
      box.appendChild(document.createComment(frame.outerHTML));
      frame.replaceWith(box);
    });
  }
  refresh(localStorage.getItem("consent") === "all");
  document.querySelectorAll(".consent button").forEach(function (button) {
    button.addEventListener("click", function () {
      localStorage.setItem("consent", button.value);
      refresh(button.value === "all");
      document.querySelector(".consent").remove();
    });
  });
})();
"""
STYLE = """
body { margin: 0; font: 17px/1.5 "Source Sans 3", system-ui, sans-serif; color: #3e4c5c; }
header { padding: 16px 24px; background: #fff; border-bottom: 1px solid #e1e5ef; }
main { max-width: 980px; margin: 0 auto; padding: 24px; }
h1, h2 { color: #14342b; } iframe { max-width: 100%; } a { color: #b42300; }
.videoEmbed iframe { width: 300px; height: 150px; }
.disabled-iframe { padding: 24px; background: #f3f4f7; border: 1px dashed #8a98b2; }
.disabled-iframe::after { content: "Pour voir ce contenu, acceptez tous les cookies."; }
.consent { position: sticky; bottom: 0; padding: 16px 24px; background: #fff;
  border-top: 2px solid #b42300; }
"""


class _Scrubber(HTMLParser):
    """Keeps known tags with known attributes, and the words between them but those of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag, or leave it out."""
        self.silent += tag == "script"
        if tag in KEPT:
            said = "".join(f' {k}="{escape(v or "")}"' for k, v in attrs if k in KEPT[tag])
            self.kept.append(f"<{tag}{said}>")

    def handle_endtag(self, tag: str) -> None:
        """Close what was kept."""
        self.silent -= tag == "script"
        if tag in KEPT:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Keep words."""
        if not self.silent:
            self.kept.append(escape(data))


def scrubbed(html: str) -> str:
    """Return rich text as the scrubber leaves it."""
    scrubber = _Scrubber()
    scrubber.feed(html)
    return "".join(scrubber.kept)


def disabled(html: str) -> str:
    """Return rich text as it is sent: each iframe in a comment, without scrolling."""
    opened = html.replace("<iframe", '<div class="disabled-iframe"><!--<iframe scrolling="no"')
    return opened.replace("</iframe>", "</iframe>--></div>")


@dataclass
class Host:
    """The site; `pasted` is what its administrator put where, `added` what the policy allows."""

    pasted: dict[str, str] = field(default_factory=dict)
    added: dict[str, str] = field(default_factory=dict)
    manifest: dict[str, object] = field(default_factory=dict)

    def policy(self) -> str:
        """Return the security policy: Decidim's default and what the operator added."""
        allowed = {
            "default-src": "'self' 'unsafe-inline'",
            "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
            "style-src": "'self' 'unsafe-inline'",
            "frame-src": "'self' www.youtube-nocookie.com player.vimeo.com",
            "connect-src": "'self' *.hereapi.com data:",
        }
        return "; ".join(f"{k} {v} {self.added.get(k, '')}".strip() for k, v in allowed.items())

    def page(self) -> str:
        """Return the home page: an HTML block, rich text, a component, what scripts would make."""
        rich = disabled(scrubbed(self.pasted.get("rich", "")))
        sections = {
            "block": self.pasted.get("block", ""),
            "rich": f'<div class="videoEmbed">{rich}</div>' if rich else "",
            "plain": self.pasted.get("plain", ""),
            "awesome": self.pasted.get("awesome", ""),
            "element": self.pasted.get("element", ""),
        }
        inside = "".join(
            f'<section id="{name}"><h2>{name}</h2>{html}</section>'
            for name, html in sections.items()
            if html
        )
        return (
            f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Participer</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>:root {{ --primary: #e02d2d; --secondary: #155abf; }} {STYLE}</style></head>"
            f"<body><header><strong>Participer à Exemple</strong></header><main>"
            f"<h1>Bienvenue</h1>{inside}</main>"
            f'<div class="consent"><p>Ce site utilise des cookies.</p>'
            f'<button value="all">Tout accepter</button> '
            f'<button value="essential">Essentiels seulement</button></div>'
            f"<script>{CONSENT}</script></body></html>"
        )


def make_host(host: Host) -> Flask:
    """Return the site as an application."""
    app = Flask("decidim_page", static_folder=None)

    @app.get("/")
    def home() -> Response:
        response = Response(host.page(), mimetype="text/html")
        if "open" not in request.args:
            response.headers["Content-Security-Policy"] = host.policy()
        return response

    @app.get("/manifest.webmanifest")
    def manifest() -> Response:
        return Response(json.dumps(host.manifest), mimetype="application/manifest+json")

    return app

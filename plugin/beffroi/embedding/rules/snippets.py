# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an administrator of another site pastes there, for each place that it offers. Plain Python.

What each place lets through was read in Decidim's source (0.29 to 0.32) and in decidim_awesome's;
`docs/how-to/embed-in-decidim.md` says where each is. Every snippet holds a plain link: a frame is
not shown to who refuses cookies there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class Embed:
    """A frame to be pasted: its address, the page behind it, its title, its height in pixels.

    `site` is our origin; `attributes` are those of the custom element, by name.
    """

    address: str
    page: str
    title: str
    height: int
    site: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the other site: what it is called, what to know of it, what to paste."""

    name: str
    words: str
    snippet: Callable[[Embed], str]


def _tag(name: str, attributes: Mapping[str, str | int], inside: str = "") -> str:
    said = "".join(f' {key}="{escape(str(value))}"' for key, value in attributes.items())
    return f"<{name}{said}>{inside}</{name}>"


def link(one: Embed) -> str:
    """Return a plain link to the page behind a frame."""
    return _tag("a", {"href": one.page}, escape(one.title))


def _with_link(frame: str, one: Embed) -> str:
    return f"{frame}\n{_tag('p', {}, link(one))}"


def frame(one: Embed, **more: str | int) -> str:
    """Return an iframe of a fixed height, with further attributes."""
    sizes: dict[str, str | int] = {"width": "100%", "height": one.height, "frameborder": "0"}
    return _tag("iframe", {"src": one.address, "title": one.title, **sizes, **more})


def framed(one: Embed, **size: int) -> str:
    """Return an iframe of a fixed height (or another `width`, `height`) and a link: no script."""
    return _with_link(frame(one, loading="lazy", **size), one)


def growing(one: Embed) -> str:
    """Return the same with an inline script that lets the frame be as high as it needs.

    It asks as Decidim's widgets are asked, answers nobody but the frame, and hears nobody else. It
    listens for loads of the whole page, because the consent gate makes the frame anew.
    """
    name = f"beffroi-{one.attributes.get('show', 'board')}"
    script = f"""<script>
(function () {{
  var site = "{one.site}", find = function () {{ return document.getElementById("{name}"); }};
  var ask = function () {{
    if (find()) find().contentWindow.postMessage({{ type: "GET_HEIGHT" }}, site);
  }};
  document.addEventListener("load", function (event) {{
    if (event.target === find()) ask();
  }}, true);
  window.addEventListener("message", function (event) {{
    var frame = find();
    if (!frame || event.origin !== site || event.source !== frame.contentWindow) return;
    if (event.data && event.data.type === "SET_HEIGHT") frame.height = event.data.height;
  }});
  ask();
}})();
</script>"""
    return f"{_with_link(frame(one, id=name), one)}\n{script}"


def rich_text(one: Embed) -> str:
    """Return what passes the scrubber of rich text: an iframe with an address and no size."""
    bare = {"src": one.address, "frameborder": "0", "allowfullscreen": "true"}
    return _with_link(_tag("iframe", bare), one)


def component(one: Embed) -> str:
    """Return what the iframe component of decidim_awesome takes: the iframe alone."""
    return frame(one, referrerpolicy="strict-origin-when-cross-origin")


def element(one: Embed) -> str:
    """Return the custom element with its script, for sites that allow scripts from ours."""
    script = _tag("script", {"src": f"{one.site}/embed/beffroi.js", "defer": ""})
    return f"{script}\n{_tag('beffroi-board', one.attributes, link(one))}"


PLACES: Mapping[str, Place] = {
    "plain": Place(
        N_("Any page that takes HTML"),
        N_("No script. The height is fixed and fits a telephone."),
        framed,
    ),
    "block": Place(
        N_("Decidim: HTML block of the home page or of a process"),
        N_("Not scrubbed there, and inline scripts run: the frame takes the height it needs."),
        growing,
    ),
    "rich": Place(
        N_("Decidim: rich text (static page, description, blog post, meeting)"),
        N_(
            "The scrubber leaves an iframe its address and no size, and no scrolling: take the "
            "three figures. The link stands below."
        ),
        rich_text,
    ),
    "awesome": Place(
        N_("Decidim with decidim_awesome: the iframe component"),
        N_("It adds this site to the security policy itself. Write the link in its announcement."),
        component,
    ),
    "element": Place(
        N_("A site that allows scripts from here"),
        N_("The language follows the page's own, and the link stays where no script runs."),
        element,
    ),
    "link": Place(
        N_("Menu, button, announcement"),
        N_(
            "Add this site to the allowed external domains, or Decidim first asks whether one "
            "wants to leave."
        ),
        link,
    ),
}
"""Every place, in the order in which the desk shows them."""

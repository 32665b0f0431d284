# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every page owes its reader, and the hands of somebody who has a keyboard alone.

assert frame_faults(page) == []
tab_to(page, "[name=title]")
page.keyboard.type("Menus des cantines")
"""

from playwright.sync_api import Page

_FRAME = """() => {
  const said = [];
  const count = (what) => document.querySelectorAll(what).length;
  if (count('h1') !== 1) said.push(`${count('h1')} h1`);
  if (!document.title.trim() || document.title.trim().startsWith('·')) said.push('no title');
  if (!document.documentElement.lang) said.push('no language');
  for (const one of ['header', 'main', 'footer'])
    if (count(`body > ${one}`) !== 1) said.push(`${count(`body > ${one}`)} ${one}`);
  for (const nav of document.querySelectorAll('nav'))
    if (!nav.getAttribute('aria-label')) said.push('a nav without a name');
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  for (const id of new Set(ids.filter((id, n) => ids.indexOf(id) !== n))) said.push(`two #${id}`);
  const levels = [...document.querySelectorAll('h1, h2, h3, h4')]
    .filter((one) => !one.closest('[aria-hidden=true]')).map((one) => Number(one.tagName[1]));
  levels.forEach((level, n) => {
    if (n && level > levels[n - 1] + 1) said.push(`h${level} after h${levels[n - 1]}`);
  });
  for (const one of document.querySelectorAll('[style], [onclick], [onsubmit]'))
    if (!one.closest('.place-map'))  // what a script has placed there, as the policy lets it
      said.push(`inline style or script: ${one.outerHTML.slice(0, 80)}`);
  return said;
}"""

_FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return '';
  const drawn = [at, at.closest('.choice'), at.closest('.card')].filter(Boolean);
  const shown = drawn.some((one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  });
  const box = at.getBoundingClientRect();
  if (shown && box.width > 0 && box.height > 0) return '';
  return at.outerHTML.slice(0, 160);
}"""


def frame_faults(page: Page) -> list[str]:
    """Return what is wrong with a page's frame: title, h1, landmarks, order of headings, ids."""
    page.wait_for_load_state()  # what was clicked may have only begun to come
    found: list[str] = page.evaluate(_FRAME)
    return found


def unseen_focus(page: Page, steps: int = 60) -> list[str]:
    """Walk through a page with the Tab key; return the elements whose focus cannot be seen."""
    unseen: list[str] = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        if hidden := page.evaluate(_FOCUS):
            unseen.append(str(hidden))
        if page.evaluate("() => document.activeElement === document.body"):
            break
    return unseen


def tab_to(page: Page, selector: str, most: int = 120) -> None:
    """Press Tab until the focus is on an element; AssertionError when it is not reached."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(what) => document.activeElement.matches(what)", selector):
            return
    raise AssertionError(f"{selector} is not reached with the Tab key")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    """Go to a link or button with the Tab key, press it, and wait for the page that comes."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press(key)


def focused(page: Page) -> str:
    """Return the id of the element that has the focus."""
    found: str = page.evaluate("() => document.activeElement.id")
    return found

# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi init` where there are no settings yet: asks for them, or takes them from answers.

Nothing is written before everything is known and the settings can be used; a file that is there is
never replaced.
"""

import os
import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.support import Translations

from beffroi.config import PREFIX, from_environ
from beffroi.first_settings import rules
from beffroi.first_settings.rules import HIDDEN, PRESETS, QUESTIONS, Question
from beffroi.kernel.chance import Chance
from beffroi.legal import territory
from beffroi.legal.territory import Body
from beffroi_web.catalogues import read_catalogues
from beffroi_web.configuration import SettingsRefused
from beffroi_web.words import N_

CONFIG = f"{PREFIX}CONFIG"
SERVICE = "beffroi"
USUAL = Path("/etc/beffroi/town.toml")
TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"

Ask = Callable[[str], str]
"""Asks at a terminal and returns the line; with an empty line what is proposed holds."""


class NoAnswer(Exception):
    """The answers do not say what must be known; the sentence says what."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Somebody at a terminal: `ask` shows what is typed, `ask_secret` does not."""

    ask: Ask
    ask_secret: Ask
    say: Callable[[str], None]
    lang: str = "fr"

    def words(self, sentence: str, **values: object) -> str:
        """Return a sentence in the person's language."""
        return _spoken(self.lang).gettext(sentence) % values


def _spoken(lang: str) -> Translations:
    return read_catalogues((TRANSLATIONS,), (lang,))[lang]


def place(environ: Mapping[str, str]) -> Path:
    """Return where the settings of this town stand, or are to stand."""
    return Path(environ.get(CONFIG) or USUAL)


def are_missing(environ: Mapping[str, str]) -> bool:
    """Say whether there are no settings at all: no file, and nothing in the environment."""
    named = [name for name in environ if name.startswith(PREFIX) and name != CONFIG]
    return not place(environ).exists() and not named


def from_terminal(terminal: Terminal) -> dict[str, Any]:
    """Ask for everything; return the settings without the secret key."""
    said = rules.of_body(_body(terminal))
    for question in QUESTIONS:
        said[question.name] = _answer(terminal, question, said)
    preset = _choice(terminal, terminal.words(N_("How people sign in")), PRESETS)
    if preset:
        known: dict[str, Any] = {"preset": preset}
        callback, after = rules.addresses(preset, str(said["public_url"]).rstrip("/"))
        terminal.say(
            terminal.words(
                N_(
                    "Register there, to the letter, %(callback)s as the address of return, and"
                    " %(after)s as the one after signing out. It gives an id and a secret."
                ),
                callback=callback,
                after=after,
            )
        )
        for question in rules.asked_of(preset):
            known[question.name] = _answer(terminal, question, known)
        del known["preset"]
        said["providers"] = rules.provider_of(preset, known)
    return said


def _body(terminal: Terminal) -> Body:
    while True:
        asked = terminal.ask(
            terminal.words(
                N_("Which commune or intercommunal body? Its name, INSEE code or SIREN: ")
            )
        )
        found = territory.find(asked)
        if len(found) == 1 and not found[0].siren:
            found = []
        if not found:
            terminal.say(
                terminal.words(
                    N_(
                        "None of %(year)s is called so. Another kind of body writes its settings "
                        "by hand: docs/how-to/install-by-hand.md."
                    ),
                    year=territory.year(),
                )
            )
            continue
        named = {str(n): _named(one) for n, one in enumerate(found, start=1)}
        if len(found) == 1:
            terminal.say(f"  {named['1']}")
            return found[0]
        return found[int(_choice(terminal, terminal.words(N_("Which one?")), named, first="1")) - 1]


def _named(body: Body) -> str:
    what = body.communes[0] if body.kind == "commune" else f"{len(body.communes)} communes"
    people = "" if body.inhabitants is None else f", {body.inhabitants:,}".replace(",", " ")
    return f"{body.name} ({what}{people})"


def _choice(
    terminal: Terminal, words: str, offered: Mapping[str, str], first: str | None = None
) -> str:
    """Return the code of what is chosen by its number; an empty line takes the first."""
    codes = list(offered)
    terminal.say(f"{words}")
    for number, code in enumerate(codes, start=1):
        terminal.say(
            f"  {number}. {terminal.words(offered[code]) if first is None else offered[code]}"
        )
    while True:
        answer = terminal.ask("[1] ").strip() or "1"
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(codes):
            return codes[int(answer) - 1]


def _answer(terminal: Terminal, question: Question, known: Mapping[str, Any]) -> str:
    proposed = question.propose(known)
    words = terminal.words(question.words)
    ask = terminal.ask_secret if question.name == HIDDEN else terminal.ask
    while True:
        answer = ask(f"{words} [{proposed}] " if proposed else f"{words}: ").strip() or proposed
        if answer or not question.needed:
            return answer


def from_answers(file: Path) -> dict[str, Any]:
    """Return the settings that a file of answers gives; what it leaves out is as proposed.

    It names the body (`body`: an INSEE code or SIREN) and says what it wants otherwise, under the
    names of the settings. NoAnswer says what is missing.
    """
    given = tomllib.loads(file.read_text(encoding="utf-8"))
    found = territory.find(str(given.pop("body", "")))
    if len(found) != 1:
        raise NoAnswer("`body` must be the INSEE code of a commune, or the SIREN of a body")
    said = rules.of_body(found[0]) | {k: v for k, v in given.items() if k != "providers"}
    for question in QUESTIONS:
        said.setdefault(question.name, question.propose(said))
    if "providers" in given:
        said["providers"] = given["providers"]
    return said


def write(said: Mapping[str, Any], file: Path, *, chance: Chance) -> None:
    """Check settings as a start does and write them, for their owner alone.

    SettingsRefused says all that is wrong; FileExistsError if there is such a file.
    """
    text = rules.as_toml(said, chance(32).hex())
    half = file.with_name(f".{file.name}")
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        raise FileExistsError(f"{file} exists")
    try:
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write(text)
        from_environ({CONFIG: str(half)})
        os.link(half, file)
    finally:
        half.unlink(missing_ok=True)


def hand_over(file: Path, say: Callable[[str], None]) -> bool:
    """Let the service's group read settings that root has written, and say how to go on.

    Keys and tables are made by the users who are to own them, never by root. False where nothing
    of that is so: somebody else wrote them, or the machine has no such group.
    """
    if os.geteuid() != 0:
        return False
    try:
        shutil.chown(file, "root", SERVICE)
    except LookupError:
        return False
    file.chmod(0o640)
    say("now, as the users of the services (docs/how-to/install-by-hand.md, 4):")
    say(f"  sudo -u {SERVICE}-signer env {CONFIG}={file} beffroi signer init")
    say(f"  sudo -u {SERVICE} env {CONFIG}={file} beffroi init")
    return True


def run(
    words: Sequence[str], environ: Mapping[str, str], terminal: Terminal | None, *, chance: Chance
) -> tuple[int, dict[str, str]]:
    """Make the settings for `beffroi init`; return an exit code, and the environment to go on in.

    `--answers FILE` reads them from a file. Without it somebody must be at the terminal.
    """
    file, told = place(environ), dict(environ)
    say = terminal.say if terminal is not None else print
    try:
        if words[:1] == ["--answers"] and len(words) == 2:
            said = from_answers(Path(words[1]))
        elif terminal is None:
            raise NoAnswer(
                f"there are no settings at {file}: run it at a terminal, or with --answers FILE"
            )
        else:
            said = from_terminal(terminal)
        write(said, file, chance=chance)
    except (NoAnswer, SettingsRefused, OSError, tomllib.TOMLDecodeError) as error:
        say(f"beffroi: {error}")
        return 2, told
    say(f"{file}: written, for its owner alone")
    told[CONFIG] = str(file)
    return 0, told

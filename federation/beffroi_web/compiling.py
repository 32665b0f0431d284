# SPDX-License-Identifier: AGPL-3.0-or-later
"""Templates compiled once for each language, with their sentences already in it.

A table of fifty rows says the name of a column in every row. In a template that is compiled for one
language, `_("Town")` is the catalogue's word, part of the text around it; only what is filled in
or chosen while a page is made is still looked up then.

A template speaks the language of the moment in which it is taken from the environment; one that
is made of a string, and one that is taken outside an application, looks every sentence up.
"""

import hashlib
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from babel import Locale
from babel.support import Translations
from flask import current_app
from flask.templating import Environment
from jinja2 import BytecodeCache, Template, nodes
from jinja2.bccache import Bucket
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

SAYING = frozenset({"_", "gettext"})
"""What a template calls to have a sentence said."""
LANGUAGE = "current_language"


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language and its catalogue."""

    locale: Locale
    words: Translations

    @property
    def code(self) -> str:
        """Return its ISO 639 code, as `current_language()` gives it."""
        return str(self.locale.language)


@lru_cache(maxsize=4096)
def pattern(words: Translations, sentence: str) -> Markup:
    """Return a sentence whose places are filled by `%`, which escapes what it fills in."""
    return Markup(words.ugettext(sentence))  # noqa: S704  a catalogue's words


@lru_cache(maxsize=4096)
def whole(words: Translations, sentence: str) -> Markup:
    """Return a sentence without places."""
    return pattern(words, sentence) % {}


class SpokenEnvironment(Environment):
    """Flask's environment; it hands out each template as compiled for the language that speaks."""

    tongue: Tongue | None = None
    """The language for which this one compiles; None in the application's own."""
    speaking: Callable[[], Tongue] | None = None
    """Says which language speaks now; set once by the application."""
    fitted: Mapping[str, Callable[[Locale], Callable[..., Any]]] = MappingProxyType({})
    """Filters by name that are made for each language."""

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,
    ) -> Template:
        """Return a template by its name, in the language that speaks now."""
        if self.tongue is None and self.speaking is not None and current_app:
            return self.in_language(self.speaking()).get_template(name, parent, globals)
        return super().get_template(name, parent, globals)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return what a template may use besides what it is given: this environment's own.

        Jinja puts an empty layer of each template's before it, through which every import looks.
        """
        return super().make_globals(d) if d else self.globals

    def in_language(self, tongue: Tongue) -> "SpokenEnvironment":
        """Return the environment of a language."""
        known: dict[str, SpokenEnvironment] = self.__dict__.setdefault("_by_language", {})
        found = known.get(tongue.code)
        if found is None:
            found = known[tongue.code] = self._compiling_for(tongue)
        return found

    def _compiling_for(self, tongue: Tongue) -> "SpokenEnvironment":
        made = self.overlay()
        made.tongue = tongue
        own = {name: make(tongue.locale) for name, make in self.fitted.items()}
        made.filters = {**self.filters, **own}
        if self.bytecode_cache is not None:
            made.bytecode_cache = _InLanguage(self.bytecode_cache, tongue)
        return made

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        if self.tongue is None or not _is_plain(tree):
            return tree
        escapes = self.autoescape(name) if callable(self.autoescape) else self.autoescape
        said: nodes.Template = _Saying(self.tongue, escapes=escapes).visit(tree)
        return said


def _is_plain(tree: nodes.Template) -> bool:
    """Say whether names mean in all of a template what they mean at its top."""
    if any(tree.find_all((nodes.EvalContextModifier, nodes.ScopedEvalContextModifier))):
        return False
    bound = {one.name for one in tree.find_all(nodes.Name) if one.ctx != "load"}
    bound |= {one.name for one in tree.find_all(nodes.Macro)}
    bound |= {one.target for one in tree.find_all(nodes.Import)}
    for one in tree.find_all(nodes.FromImport):
        bound |= {name if isinstance(name, str) else name[1] for name in one.names}
    return bound.isdisjoint(SAYING | {LANGUAGE})


class _Saying(NodeTransformer):
    """Puts the words of a language in the place of the calls that say a written sentence."""

    def __init__(self, tongue: Tongue, *, escapes: bool) -> None:
        self._tongue, self._escapes = tongue, escapes

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        """Leave it: of constants alone Jinja would make a text that is escaped once more."""
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        """Return what a call says, as far as it is known before a page is made."""
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.dyn_args or node.dyn_kwargs:
            return node
        if node.node.name == LANGUAGE and not node.args and not node.kwargs:
            return nodes.Const(self._tongue.code, lineno=node.lineno)
        if node.node.name not in SAYING or len(node.args) != 1:
            return node
        sentence = node.args[0]
        if not isinstance(sentence, nodes.Const) or not isinstance(sentence.value, str):
            return node
        words, at = self._tongue.words, node.lineno
        if self._escapes and not node.kwargs:
            return nodes.Const(whole(words, sentence.value), lineno=at)
        said = pattern(words, sentence.value) if self._escapes else words.ugettext(sentence.value)
        pairs = [nodes.Pair(nodes.Const(one.key), one.value, lineno=at) for one in node.kwargs]
        return nodes.Mod(nodes.Const(said, lineno=at), nodes.Dict(pairs, lineno=at), lineno=at)


class _InLanguage(BytecodeCache):
    """What was compiled before, told apart by the language and its words."""

    def __init__(self, behind: BytecodeCache, tongue: Tongue) -> None:
        self._behind = behind
        self._language = f"{tongue.code} {_digest(tongue.words)}"

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Return the key of a template in this language."""
        return self._behind.get_cache_key(f"{self._language} {name}", filename)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Hand over what was compiled before."""
        self._behind.load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._behind.dump_bytecode(bucket)


@lru_cache(maxsize=8)
def _digest(words: Translations) -> str:
    """Return what tells one catalogue from another."""
    known: Mapping[Any, Any] = getattr(words, "_catalog", {})
    told = repr(sorted(known.items(), key=repr)).encode()
    return hashlib.blake2b(told, digest_size=16).hexdigest()

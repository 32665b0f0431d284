# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose cosignatures are enough: a trust policy as a text file (C2SP tlog-policy).

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member> …
    quorum <name>|none

Lines of anything else, names that are not defined above, keys or names that occur twice, a member
of two groups, more or less than one quorum: all are refused. Stricter than the format where it
leaves room: the file is UTF-8, at most 256 KiB and 256 lines of a kind, and a witness's key is
Ed25519 (type 0x04). The URL of a witness is its submission prefix, that of a log its prefix.
Plain Python, no I/O.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from beffroi_federation.errors import Malformed, OverLimit
from beffroi_federation.notes import COSIGNATURE, ED25519, Verifier

MAX_POLICY = 262_144
MOST = 256
NONE = "none"

_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_COUNT = re.compile(r"[1-9][0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A log of the policy: its key, and where it is read, if that is said."""

    verifier: Verifier
    url: str = ""


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness of the policy: its name there, its key, and where it is asked, if that is said."""

    name: str
    verifier: Verifier
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """So many (`need`) of these members, witnesses or groups, stand for the whole group."""

    name: str
    need: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Which logs are known, which witnesses, and how many of those are enough."""

    logs: tuple[PolicyLog, ...] = ()
    witnesses: tuple[PolicyWitness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    def verifiers(self) -> tuple[Verifier, ...]:
        """Return the keys of the witnesses."""
        return tuple(witness.verifier for witness in self.witnesses)

    def log_keys(self, origin: str) -> tuple[Verifier, ...]:
        """Return the keys of the log that goes by this origin; none if the policy has no such."""
        return tuple(log.verifier for log in self.logs if log.verifier.name == origin)

    def signed_by(self, verifiers: Collection[Verifier]) -> tuple[str, ...]:
        """Return the policy's names of the witnesses with these keys, in the file's order."""
        return tuple(one.name for one in self.witnesses if one.verifier in verifiers)

    def satisfied(self, names: Collection[str]) -> bool:
        """Say whether cosignatures of these witnesses (by the policy's names) are enough."""
        if self.quorum == NONE:
            return True
        holds: dict[str, bool] = {one.name: one.name in names for one in self.witnesses}
        for group in self.groups:
            holds[group.name] = sum(holds[member] for member in group.members) >= group.need
        return holds[self.quorum]

    def text(self) -> str:
        """Return the policy as a file; parsing it gives the same policy."""
        lines = [_line("log", log.verifier.vkey(), log.url) for log in self.logs]
        lines += [_line("witness", w.name, w.verifier.vkey(), w.url) for w in self.witnesses]
        lines += [_line("group", g.name, str(g.need), *g.members) for g in self.groups]
        return "".join([*lines, _line("quorum", self.quorum)])


def _line(*words: str) -> str:
    return " ".join(word for word in words if word) + "\n"


def parse_policy(data: bytes | str) -> Policy:
    """Return the policy of a file; raises Malformed (with the line's number) or OverLimit."""
    raw = data.encode() if isinstance(data, str) else data
    if len(raw) > MAX_POLICY:
        raise OverLimit("A policy is longer than 256 KiB", length=len(raw))
    if _FORBIDDEN.search(raw):
        raise Malformed("A policy holds a control character (carriage returns are refused too)")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("A policy is not UTF-8") from None
    draft = _Draft()
    for number, line in enumerate(text.split("\n"), 1):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            draft.take(words)
        except Malformed as error:
            raise Malformed(f"Line {number} of a policy: {error.sentence}") from None
    return draft.policy()


@dataclass(slots=True)
class _Draft:
    """A policy while it is read."""

    logs: list[PolicyLog] = field(default_factory=list)
    witnesses: list[PolicyWitness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: str = ""
    names: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    keys: dict[str, set[bytes]] = field(default_factory=lambda: {"log": set(), "witness": set()})

    def take(self, words: Sequence[str]) -> None:
        """Read one line's words."""
        match words:
            case ["log", vkey, *url] if len(url) < 2:
                self.logs.append(PolicyLog(self._key("log", vkey), "".join(url)))
            case ["witness", name, vkey, *url] if len(url) < 2:
                self._define(name)
                verifier = self._key("witness", vkey)
                self.witnesses.append(PolicyWitness(name, verifier, "".join(url)))
            case ["group", name, need, *members] if members:
                self._group(name, need, members)
            case ["quorum", name]:
                if self.quorum:
                    raise Malformed("there is a second quorum")
                if name != NONE and name not in self.names:
                    raise Malformed("the quorum is not a name that is defined above it")
                self.quorum = name
            case _:
                raise Malformed("this is no log, witness, group or quorum line")
        if max(len(self.logs), len(self.witnesses), len(self.groups)) > MOST:
            raise Malformed(f"there are more than {MOST} of a kind")

    def _key(self, whose: str, text: str) -> Verifier:
        verifier = Verifier.from_text(text)
        if verifier.kind != {"log": ED25519, "witness": COSIGNATURE}[whose]:
            raise Malformed(f"this key is not of the kind that a {whose} has")
        if verifier.public_key in self.keys[whose]:
            raise Malformed("this key stands there twice")
        self.keys[whose].add(verifier.public_key)
        return verifier

    def _define(self, name: str) -> None:
        if name == NONE or name in self.names:
            raise Malformed("this name is defined already")
        self.names.add(name)

    def _group(self, name: str, need: str, members: Sequence[str]) -> None:
        counts: Mapping[str, int] = {"all": len(members), "any": 1}
        if need not in counts and not _COUNT.fullmatch(need):
            raise Malformed("a group needs all, any or a number of its members")
        count = counts[need] if need in counts else int(need)
        if count > len(members):
            raise Malformed("a group needs more members than it has")
        for member in members:
            if member not in self.names:
                raise Malformed("a member is not a name that is defined above")
            if member in self.members:
                raise Malformed("a name is a member twice")
            self.members.add(member)
        self._define(name)
        self.groups.append(Group(name, count, tuple(members)))

    def policy(self) -> Policy:
        """Return what was read, if it is complete."""
        if not self.quorum:
            raise Malformed("A policy has no quorum line")
        return Policy(tuple(self.logs), tuple(self.witnesses), tuple(self.groups), self.quorum)

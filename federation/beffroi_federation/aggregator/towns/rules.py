# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a town must be to be registered, and the sentences in which its story is told."""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from beffroi_federation.errors import Malformed
from beffroi_federation.identity import Identity
from beffroi_federation.notes import ED25519, Verifier
from beffroi_web.words import N_

STATES = ("waiting", "approved", "quarantined", "suspended")
BANDS = ("under-500", "500-1999", "2000-9999", "10000-49999", "50000-199999", "200000+")

KIND_WORDS = {
    "commune": N_("Commune"),
    "epci": N_("Group of communes (EPCI)"),
    "other": N_("Other public body"),
}
"""Each kind of body in words."""

BAND_WORDS = {
    "under-500": N_("under 500 inhabitants"),
    "500-1999": N_("500 to 1,999 inhabitants"),
    "2000-9999": N_("2,000 to 9,999 inhabitants"),
    "10000-49999": N_("10,000 to 49,999 inhabitants"),
    "50000-199999": N_("50,000 to 199,999 inhabitants"),
    "200000+": N_("200,000 inhabitants and more"),
}
"""Each population band of a town's identity in words."""

STATE_WORDS = {
    "waiting": N_("Waiting for approval"),
    "approved": N_("Approved"),
    "quarantined": N_("In quarantine"),
    "suspended": N_("Suspended"),
}
"""Each state in words."""

STATE_TONES = {
    "waiting": "waiting",
    "approved": "good",
    "quarantined": "late",
    "suspended": "closed",
}
"""The badge of each state; the word says it too."""

DNS_WORDS = {
    "checked": N_("The domain confirms the key (DNS)."),
    "person": N_("A person confirmed that the domain names this key."),
    "loopback": N_("A demonstration on this machine: there is no domain to ask."),
    "not-checked": N_("The domain was not asked: a person must check its DNS entry."),
    "differs": N_("The domain's DNS entry does not confirm this key."),
}
"""What is known of the domain's word on the key."""

SENTENCES = {
    "added": N_("The town was added to the register and waits for a person's approval."),
    "approved": N_("A person approved the town; its key and its log's name are fixed."),
    "released": N_("A person ended the quarantine; pulling goes on."),
    "suspended": N_("A person suspended the town: nothing more is taken from it."),
    "appealed": N_("The town appeals against its quarantine or suspension; its words follow."),
    "appealed-signed": N_(
        "The town appeals against its quarantine or suspension, in words that its log's key signed."
    ),
    "appeal-granted": N_("A person granted the town's appeal; pulling goes on."),
    "appeal-refused": N_("A person answered the town's appeal: the decision stays for now."),
    "text-held": N_("A person holds a text of this town back here, and says why."),
    "text-let-go": N_("A person let a text go that was held back here."),
    "key-changed": N_("The town changed its key: the log announces the new one, and both signed."),
    "key-approved": N_("A person pinned another key of the town's log."),
    "epoch-announced": N_(
        "The town announces a new log (a new epoch). It waits for a person's approval."
    ),
    "epoch-approved": N_("A person approved the town's new log; the old one has ended."),
    "epoch-begun": N_("The town's new log begins, and says where the old one ended."),
    "epoch-differs": N_(
        "The town's new log says that the old one ended in a history which was never published. "
        "Nothing of it was taken."
    ),
    "key": N_(
        "The town's log announces a key that did not sign it, or that is not one of its name. "
        "Nothing of it was taken."
    ),
    "fork": N_(
        "The town serves another history than the one it signed before. "
        "Nothing more is taken from it until a person has looked."
    ),
    "broken": N_(
        "The entries that the town serves do not lead to the state that it signed: an entry was "
        "changed, moved or left out, or it signs another history now. "
        "Nothing more is taken from it until a person has looked."
    ),
    "rollback": N_(
        "The town's log is smaller than it was: published entries have disappeared. "
        "Nothing more is taken from it until a person has looked."
    ),
    "mismatch": N_(
        "A published content is not the one that the town committed to: it was changed after it "
        "was published. Nothing more is taken from the town until a person has looked."
    ),
    "missing": N_(
        "A published content has been absent for more than 8 days without a withdrawal. "
        "Nothing more is taken from the town until a person has looked."
    ),
    "reference": N_(
        "The town's log contradicts itself: an entry names another one that it may not name. "
        "Nothing more is taken from it until a person has looked."
    ),
    "unsigned": N_("What the town serves is not signed by its key. Nothing of it was taken."),
    "malformed-checkpoint": N_(
        "The signed state of the town's log is not in the published format. Nothing was taken."
    ),
    "malformed-entries": N_(
        "An entry of the town's log is not in the published format. "
        "Nothing was taken from that entry's batch on."
    ),
    "malformed-contents": N_(
        "The contents that the town serves beside its log are not in the published format. "
        "Nothing of them was taken."
    ),
    "malformed": N_(
        "What the town serves is not in the published format. Nothing of it was taken."
    ),
    "over-limit": N_(
        "The town serves more than the protocol allows. Nothing beyond the limits was read."
    ),
    "long-checkpoint": N_(
        "The signed state of the town's log is longer, or signed by more keys, than the protocol "
        "allows. Nothing beyond the limits was read."
    ),
    "long-entries": N_(
        "An entry of the town's log is longer than the protocol allows. "
        "Nothing beyond the limits was read."
    ),
    "long-contents": N_(
        "The contents that the town serves are longer or deeper than the protocol allows. "
        "Nothing beyond the limits was read."
    ),
    "growth": N_(
        "The town claims more new entries than are taken from a town of its size in one day. "
        "None of them was read; a person can ask the town."
    ),
    "bomb": N_(
        "The town serves a small file that unpacks to a huge one. It was not unpacked to its end."
    ),
    "slow": N_(
        "The town answered so slowly three times in a row that reading it would never end. "
        "It is asked less and less often."
    ),
    "not-served": N_(
        "Three times in a row the town did not serve a file that its signed state promises. "
        "It is asked less and less often."
    ),
    "unanswered": N_(
        "The town could not be reached three times in a row. It is asked less and less often."
    ),
    "address": N_(
        "The town's address leads where the protocol does not go "
        "(a redirection, or an address that is not public). Nothing was read."
    ),
    "quarantined": N_(
        "After three refusals in a row the town is in quarantine: nothing more is taken from it "
        "until a person has looked."
    ),
    "still-served": N_(
        "The town still serves a content that it withdrew. The withdrawal is honoured here."
    ),
    "held": N_(
        "A text held what looks like a personal identifier. It is kept back here and was never "
        "shown; the town is to correct it."
    ),
    "unreadable": N_("A verified record does not fit its published form. It is not shown."),
    "elsewhere": N_("A record speaks of a commune that the town does not serve. It is not shown."),
}
"""Every step of a town's story in one plain sentence."""

FAULTS = frozenset(
    {"fork", "broken", "rollback", "mismatch", "missing", "reference", "unsigned",
     "malformed", "malformed-checkpoint", "malformed-entries", "malformed-contents",
     "over-limit", "long-checkpoint", "long-entries", "long-contents", "growth", "bomb",
     "slow", "not-served", "address", "key", "epoch-differs", "quarantined", "still-served", "held",
     "unreadable", "elsewhere"}
)  # fmt: skip
"""The steps that tell of something wrong."""

_SIREN = re.compile(r"[0-9]{9}")
_COMMUNE = re.compile(r"(?:[0-9]{5}|2[AB][0-9]{3})")
_EPOCH = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Checked:
    """An identity that may be registered: the identity itself, the log's epoch, its current key."""

    identity: Identity
    epoch: int
    verifier: Verifier


def luhn(digits: str) -> bool:
    """Say whether the check digit of a SIREN (ISO/IEC 7812-1) fits."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def check_identity(identity: Identity, url: str) -> tuple[Checked | None, list[str]]:
    """Return what can be registered, or every fault of an identity that was read at `url`.

    Faults are marked English sentences. `url` is the town's public address, no final slash.
    """
    faults: list[str] = []
    if not _SIREN.fullmatch(identity.siren) or not luhn(identity.siren):
        faults.append(N_("The SIREN is not nine digits with a right check digit."))
    if not identity.name.strip() or len(identity.name) > 200:
        faults.append(N_("The name is empty or longer than 200 characters."))
    if not identity.communes or not all(_COMMUNE.fullmatch(one) for one in identity.communes):
        faults.append(N_("The communes are not a list of INSEE codes."))
    if identity.kind == "commune" and len(identity.communes) != 1:
        faults.append(N_("A commune serves exactly one commune."))
    if identity.population_band not in ("", *BANDS):
        faults.append(N_("The population band is not one of the published bands."))
    if identity.prefix != f"{url}/log":
        faults.append(N_("The log's prefix is not the town's public address followed by /log."))
    epoch = _epoch(identity)
    if epoch is None:
        faults.append(N_("The log's origin is not <domain>/beffroi/<SIREN>/<epoch>."))
    verifier = _current_key(identity)
    if verifier is None:
        faults.append(N_("The current key is not an Ed25519 key that goes by the origin's name."))
    if faults or epoch is None or verifier is None:
        return None, faults
    return Checked(identity, epoch, verifier), []


def _epoch(identity: Identity) -> int | None:
    """Return the epoch of a well-formed origin, or None."""
    parts = identity.origin.split("/")
    if len(parts) != 4 or parts[1] != "beffroi" or parts[2] != identity.siren:
        return None
    if not re.fullmatch(r"[a-z0-9.:-]{1,200}", parts[0]) or not _EPOCH.fullmatch(parts[3]):
        return None
    return int(parts[3])


def _current_key(identity: Identity) -> Verifier | None:
    vkey = identity.vkeys[0]
    return Verifier.from_text(vkey) if is_key_of(vkey, identity.origin) else None


def is_key_of(vkey: str, origin: str) -> bool:
    """Say whether a vkey text is an Ed25519 key that goes by a log's name."""
    try:
        verifier = Verifier.from_text(vkey)
    except Malformed:
        return False
    return verifier.kind == ED25519 and verifier.name == origin


def dns_name(url: str) -> str:
    """Return the name whose TXT entry vouches for the key of a town at `url`."""
    return f"_beffroi.{urlsplit(url).hostname}"


def dns_text(identity: Identity, verifier: Verifier) -> str:
    """Return the TXT entry that a town's domain carries.

    `v=1; kid=<hex key ID of the current key>; h=<SHA-256 of the vkeys, one a line>`.
    """
    digest = hashlib.sha256("\n".join(identity.vkeys).encode()).hexdigest()
    return f"v=1; kid={verifier.key_id.hex()}; h={digest}"

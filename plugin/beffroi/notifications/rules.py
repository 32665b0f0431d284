# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of messages. Plain Python: marked sentences, said in the reader's language later."""

from collections.abc import Mapping

from beffroi_web.words import N_

SUBJECTS: Mapping[str, str] = {
    "received": N_("%(ref)s: we have received it"),
    "moved": N_("%(ref)s: there is news"),
    "answered": N_("%(ref)s: the answer is there"),
    "reopened": N_("%(ref)s: it has been reopened"),
    "removed": N_("%(ref)s: it has been removed"),
}

SENTENCES: Mapping[str, str] = {
    "received": N_(
        "%(town)s has received it. Its page is at the address below, where every step is shown. "
        "Texts appear there once an agent has read them."
    ),
    "moved": N_("Its status has changed. The page below says where it stands."),
    "answered": N_("%(town)s has given its official answer."),
    "reopened": N_("It is being looked at again. The page below says why."),
    "removed": N_("It is no longer shown. The page below gives the reason."),
}

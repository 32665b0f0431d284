# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why something may be taken off: the protocol's codes, in words. Plain Python."""

from collections.abc import Mapping

from beffroi_web.words import N_

REASONS: Mapping[str, str] = {
    "legal": N_("The law forbids showing it"),
    "reident": N_("A person could be recognised"),
    "erasure": N_("The author asked for erasure"),
    "error": N_("It was shown by mistake"),
    "expired": N_("Its time of keeping has passed"),
}

REVIEW_WORDS: Mapping[str, str] = {
    "detector error": N_(
        "The program failed on this text: read it as if nothing had been checked."
    ),
    "too long": N_("This text is longer than the program is trusted with."),
    "long number": N_("A long number remains that was not recognised."),
    "civility": N_("What looks like a name remains."),
    "author's name": N_("A word that is also a part of the author's name remains."),
    "first name": N_("A known first name remains."),
    "capitals": N_("Words with a capital remain that look like a name."),
    "announced": N_("Words announce something personal, and nothing was found after them."),
    "checksum": N_("A number is masked although its check digits are wrong."),
    "opaque link": N_("A link keeps a long obscure part, which may be a secret."),
    "sensitive": N_("A person is named beside words about health, violence or a complaint."),
    "too slow": N_("This text took too long: read it as if nothing had been checked."),
    "second pass": N_("Something was still found after masking."),
    "model disagrees": N_("The language model sees a person where the rules see none."),
    "ner not available": N_("The language model was asked for and is not installed."),
}
"""Why an agent should look twice at a text, by the codes of `beffroi_privacy.reasons`."""
STATUS_WORDS: Mapping[str, tuple[str, str]] = {
    "review": (N_("Look twice"), "waiting"),
    "masked": (N_("Masks proposed"), "active"),
    "clean": (N_("Nothing found"), "good"),
}
"""What the program says of a text, in words, with the tone of its badge."""

STATE_WORDS: Mapping[str, str] = {
    "off": N_("Texts never appear by themselves here."),
    "unknown": N_("No text appears by itself yet: no drawn text has been judged."),
    "stopped": N_("No text appears by itself: a drawn text has waited more than 14 days."),
    "on": N_("Clean texts appear by themselves on these pages after seven days."),
}
"""What stands at the desk about texts that appear by themselves."""

LIST_WORDS: Mapping[str, str] = {
    "allow": N_("Names that stay readable"),
    "deny": N_("Words that are always hidden"),
}
"""What people read for the two lists."""

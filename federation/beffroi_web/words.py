# SPDX-License-Identifier: AGPL-3.0-or-later
"""Marks a sentence for translation where nothing can translate it yet.

Rules and services are plain Python: they name a sentence by its English words, and the edge
(pages, problem+json, mail) says it in the reader's language.
"""


def N_(sentence: str) -> str:
    """Return the sentence unchanged; the extractor collects it for the catalogues."""
    return sentence

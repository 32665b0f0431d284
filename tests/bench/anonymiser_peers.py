# SPDX-License-Identifier: AGPL-3.0-or-later
"""One of the peers of the anonymiser as a filter: JSON lines in, what it would hide out.

    .venv-privacy/bin/python tests/bench/anonymiser_peers.py NAME

`anonymisers.py` starts it. Each peer is set up as its own documentation has it for French; none of
them marks a text for review.
"""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

Spans = list[tuple[int, int, str]]
Finder = Callable[[dict[str, Any]], Spans]

CORE = (
    "PERSON", "PHONE_NUMBER", "EMAIL_ADDRESS", "IBAN_CODE", "CREDIT_CARD", "IP_ADDRESS", "CRYPTO",
    "MAC_ADDRESS",
)  # fmt: skip
"""What Presidio knows that is personal by itself: neither places, nor dates, nor hosts."""
REGIONS = ("FR", "RE", "GP", "BE", "CH", "GB")


def presidio(core: bool) -> Finder:
    """Presidio with the French model of spaCy."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider
    from presidio_analyzer.predefined_recognizers import CreditCardRecognizer, PhoneRecognizer

    model = {"lang_code": "fr", "model_name": "fr_core_news_md"}
    engine = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "spacy", "models": [model]}
    ).create_engine()
    registry = RecognizerRegistry(supported_languages=["fr"])
    registry.load_predefined_recognizers(languages=["fr"], nlp_engine=engine)
    registry.remove_recognizer("PhoneRecognizer")
    registry.add_recognizer(PhoneRecognizer(supported_language="fr", supported_regions=REGIONS))
    registry.add_recognizer(CreditCardRecognizer(supported_language="fr"))
    analyser = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["fr"])
    known = analyser.get_supported_entities("fr")
    entities = [name for name in CORE if name in known] if core else None

    def find(asked: dict[str, Any]) -> Spans:
        found = analyser.analyze(text=asked["text"], language="fr", entities=entities)
        return [(one.start, one.end, one.entity_type) for one in found]

    return find


def scrubadub() -> Finder:
    """Call scrubadub with its French locale, as it comes."""
    import scrubadub as library

    scrubber = library.Scrubber(locale="fr_FR")

    def find(asked: dict[str, Any]) -> Spans:
        return [(one.beg, one.end, one.type) for one in scrubber.iter_filth(asked["text"])]

    return find


def unpii(mode: str) -> Finder:
    """Call unpii, which is told what the account knows of the author, as it can be."""
    import unpii as library

    def find(asked: dict[str, Any]) -> Spans:
        known = [word for value in asked.get("known", ()) for word in value.split()]
        found = library.find_spans(asked["text"], mode=mode, mask=known or None)
        return [(one.start, one.end, one.category) for one in found]

    return find


PEERS: dict[str, Callable[[], Finder]] = {
    "presidio-core": lambda: presidio(core=True),
    "presidio-all": lambda: presidio(core=False),
    "scrubadub": scrubadub,
    "unpii": lambda: unpii("standard"),
    "unpii-paranoid": lambda: unpii("paranoid"),
}


def masked(text: str, spans: Spans) -> str:
    """Return the text without what the spans cover."""
    parts, at = [], 0
    for start, end, label in sorted(spans):
        if end > at:
            parts += [text[at : max(at, start)], f"[{label}]"]
            at = end
    return "".join([*parts, text[at:]])


def main(name: str) -> None:
    """Answer each line as soon as it was read."""
    logging.disable(logging.WARNING)
    find = PEERS[name]()
    for line in sys.stdin:
        asked = json.loads(line)
        spans = [span for span in find(asked) if span[0] < span[1]]
        answer = {
            "id": asked["id"],
            "spans": spans,
            "text": masked(asked["text"], spans),
            "review": False,
            "reasons": [],
        }
        print(json.dumps(answer, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

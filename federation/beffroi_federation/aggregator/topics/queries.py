# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests of any town that resemble a question; only what passed the nation's gate is indexed."""

from beffroi_federation.aggregator.kernel import search
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national.queries import RecordRow
from beffroi_federation.aggregator.topics import rules


def similar(line: str, limit: int) -> list[RecordRow]:
    """Return up to `limit` open records of requests near a line, the nearest first.

    Looked at are the newest that hold every word, and the newest that hold each: what a question
    costs does not grow with the nation.
    """
    words = rules.question(search.words_of(line))
    if not words:
        return []
    hits = {word: national.requests_with([word], rules.MOST_EACH) for word in words}
    found = {one for ids in hits.values() for one in ids}
    found.update(national.requests_with(words, rules.MOST_EACH))
    weight = rules.weights({word: len(ids) for word, ids in hits.items()})
    scored = [
        (rules.score(_words(row, "title"), _words(row, "summary", "answer"), weight), row)
        for row in national.requests_by_id(found)
    ]
    near = [(score, row) for score, row in scored if score >= rules.LEAST]
    near.sort(key=lambda one: (one[0], one[1].period, one[1].id), reverse=True)
    return [row for _, row in near[:limit]]


def _words(row: RecordRow, *names: str) -> list[str]:
    return search.all_words(" ".join(str(row.known.get(name) or "") for name in names))

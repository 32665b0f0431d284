# SPDX-License-Identifier: AGPL-3.0-or-later
"""A table of counts with totals, and which hidden cell can be computed back from what is shown.

Why this exists: hiding small cells is not enough where totals are public. A table of areas by
categories with its totals is a circulation: each row's sum flows into its total, each total into
the grand total, and back. Drawn as a graph, every number is an edge between two equations (nodes).
Knowing the shown numbers, an attacker is left with the graph of the hidden ones, and

- a hidden number can be computed exactly if and only if its edge is a bridge of that graph;
- how far it can be narrowed down, knowing that no count is negative, is how much flow can still go
  around through other hidden edges, forwards and backwards.

Both are decided exactly here, without a solver. The obvious way (hide one more cell in the same
row) fails: the pair can be undone through the columns.
"""

from collections import deque
from collections.abc import Collection, Mapping
from functools import partial
from heapq import heappop, heappush
from typing import Final

TOTAL: Final = ""
"""Stands for "all areas" or "all categories" in a place of the table."""

Place = tuple[str, str]
"""Area and category of a number; either may be TOTAL."""

Node = tuple[str, str]
_Edge = tuple[Node, Node, Place]
_Step = tuple[Node, Node, Place]


def _edge(place: Place) -> _Edge:
    """Return the two equations that a number takes part in, in the direction of the flow."""
    area, category = place
    all_areas, all_categories = ("row", TOTAL), ("column", TOTAL)
    if area == TOTAL and category == TOTAL:
        return all_areas, all_categories, place
    if area == TOTAL:
        return ("column", category), all_areas, place
    if category == TOTAL:
        return all_categories, ("row", area), place
    return ("row", area), ("column", category), place


def recoverable(hidden: Collection[Place]) -> set[Place]:
    """Return the hidden places whose number follows from the shown ones: the graph's bridges.

    Every number of the table that is not in `hidden` is taken to be public; totals that are not
    published belong to `hidden`. Linear in the number of hidden places.
    """
    around: dict[Node, list[tuple[Node, Place]]] = {}
    for a, b, place in map(_edge, hidden):
        around.setdefault(a, []).append((b, place))
        around.setdefault(b, []).append((a, place))
    order: dict[Node, int] = {}
    low: dict[Node, int] = {}
    bridges: set[Place] = set()
    for root in around:
        if root in order:
            continue
        order[root] = low[root] = len(order)
        path: list[tuple[Node, Place | None, int]] = [(root, None, 0)]
        while path:
            node, came_by, at = path.pop()
            if at < len(around[node]):
                path.append((node, came_by, at + 1))
                beyond, place = around[node][at]
                if place == came_by:
                    continue
                if beyond in order:
                    low[node] = min(low[node], order[beyond])
                else:
                    order[beyond] = low[beyond] = len(order)
                    path.append((beyond, place, 0))
            elif came_by is not None:
                before = path[-1][0]
                low[before] = min(low[before], low[node])
                if low[node] > order[before]:
                    bridges.add(came_by)
    return bridges


class _Network:
    """The hidden numbers as a network: how much can still go around between two equations."""

    def __init__(self, hidden: Collection[Place], values: Mapping[Place, int], upto: int) -> None:
        self._upto = upto
        self._values = values
        self._room: dict[Node, dict[Node, dict[Place, int]]] = {}
        for place in hidden:
            self.add(place)

    def add(self, place: Place) -> None:
        """Hide one more: it grows without limit along its direction, and shrinks to zero."""
        a, b, _ = _edge(place)
        self._room.setdefault(a, {}).setdefault(b, {})[place] = self._upto
        less = min(self._values[place], self._upto)
        self._room.setdefault(b, {}).setdefault(a, {})[place] = less

    def width(self, place: Place) -> int:
        """Return how wide the range of a hidden number is, at most `upto`."""
        start, end, _ = _edge(place)
        less = min(self._values[place], self._flow(start, end, place))
        return less if less >= self._upto else min(self._upto, less + self._flow(end, start, place))

    def _flow(self, source: Node, sink: Node, without: Place) -> int:
        """Return the largest flow that does without one number (Edmonds and Karp); undone after."""
        pushed: list[tuple[list[_Step], int]] = []
        flow = 0
        while flow < self._upto:
            path = self._path(source, sink, without)
            if path is None:
                break
            amount = min(self._room[a][b][place] for a, b, place in path)
            self._push(path, amount)
            pushed.append((path, amount))
            flow += amount
        for path, amount in pushed:
            self._push(path, -amount)
        return min(flow, self._upto)

    def _path(self, source: Node, sink: Node, without: Place) -> list[_Step] | None:
        came: dict[Node, _Step] = {}
        queue = deque([source])
        while queue:
            node = queue.popleft()
            for beyond, ways in self._room.get(node, {}).items():
                if beyond in came or beyond == source:
                    continue
                way = next((p for p, free in ways.items() if free > 0 and p != without), None)
                if way is None:
                    continue
                came[beyond] = node, beyond, way
                if beyond == sink:
                    return _walked(came, source, sink)
                queue.append(beyond)
        return None

    def _push(self, path: list[_Step], amount: int) -> None:
        for before, after, place in path:
            self._room[before][after][place] -= amount
            self._room[after][before][place] += amount


def _walked(came: Mapping[Node, _Step], source: Node, sink: Node) -> list[_Step]:
    path = [came[sink]]
    while path[-1][0] != source:
        path.append(came[path[-1][0]])
    return path


def width(
    place: Place, hidden: Collection[Place], values: Mapping[Place, int], *, upto: int
) -> int:
    """Return how wide the range is that the shown numbers leave to a hidden one, at most `upto`.

    Counts are whole and not negative; `values` are the true numbers of all places.
    """
    return _Network(hidden, values, upto).width(place)


def hide(
    values: Mapping[Place, int],
    must: Collection[Place],
    *,
    unpublished: Collection[Place] = (),
    least_width: int = 5,
) -> set[Place]:
    """Return the places to hide so that none of them can be computed back.

    `values` are the true numbers of the whole table with all its totals; `must` may not be shown
    for what they are; `unpublished` totals are known to nobody and need no protection. Beyond that,
    every number in `must` keeps a range of at least `least_width`. The smallest numbers are
    sacrificed first, totals last. Ends always: with everything hidden nothing can be computed.
    """
    hidden = set(must) | set(unpublished)
    network = _Network(hidden, values, least_width)
    unchecked = sorted(set(must) - set(unpublished), reverse=True)
    if all(p in unpublished for p in values if TOTAL in p):
        return hidden - set(unpublished)  # without any total there is no equation to solve
    while True:
        weak = min(recoverable(hidden) - set(unpublished), default=None)
        while weak is None and unchecked:
            # hiding more only widens a range, so one that was wide enough stays so
            if network.width(unchecked[-1]) < least_width:
                weak = unchecked[-1]
            else:
                unchecked.pop()
        shown = [p for p in values if p not in hidden]
        if weak is None or not shown:
            return hidden - set(unpublished)
        detour = _detour(weak, hidden, values, least_width) or [
            min(shown, key=partial(_price, weak=weak, values=values))
        ]
        for place in detour:
            hidden.add(place)
            network.add(place)


def _detour(
    weak: Place, hidden: Collection[Place], values: Mapping[Place, int], least_width: int
) -> list[Place]:
    """Return the cheapest shown numbers to hide so that a hidden one can grow by `least_width`.

    If it grows, others must make up for it, all the way round: this is the shortest way round
    (Dijkstra), where hidden numbers cost nothing, cells cost what they are, and totals more than
    all cells together. Empty if there is no such way.
    """
    dear = 1 + sum(count for place, count in values.items() if TOTAL not in place)
    ways: dict[Node, list[tuple[int, Node, Place]]] = {}
    for place, count in values.items():
        if place == weak:
            continue
        a, b, _ = _edge(place)
        cost = 0 if place in hidden else count + dear * (TOTAL in place)
        ways.setdefault(a, []).append((cost, b, place))
        if count >= least_width:
            ways.setdefault(b, []).append((cost, a, place))
    end, start, _ = _edge(weak)
    queue: list[tuple[int, Node, tuple[Place, ...]]] = [(0, start, ())]
    done: set[Node] = set()
    while queue:
        cost, node, taken = heappop(queue)
        if node == end:
            return [place for place in taken if place not in hidden]
        if node not in done:
            done.add(node)
            for more, beyond, place in ways.get(node, ()):
                heappush(queue, (cost + more, beyond, (*taken, place)))
    return []


def _price(place: Place, weak: Place, values: Mapping[Place, int]) -> tuple[bool, bool, int, Place]:
    """Order candidates: cells before totals, those that touch the weak one first, small first."""
    apart = place[0] != weak[0] and place[1] != weak[1]
    return TOTAL in place, apart, values[place], place

"""The relations of a document as a drawing: entities in two columns, a curve for each relation.

Names stand outside the columns, so that none covers another, and a sign on each curve says what its label is,
so that nobody needs to tell colours apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harmonize.explore.view import Entity

__all__ = ["SIGNS", "Edge", "Graph", "Node", "drawn", "sign"]

WIDTH = 520
_LEFT, _RIGHT, _STEP, _TOP, _BULGE = 180, 340, 34, 22, 14
_WIDE_STEP, _FEW = 48, 10  # where more relations cross, rows stand further apart
_MOST_NODES = 40
_LONGEST_NAME = 20
_FAMILIES = "GCD"

SIGNS = {
    "Positive_Correlation": "+",
    "Negative_Correlation": "\u2212",
    "Association": "A",
    "Bind": "B",
    "Drug_Interaction": "I",
    "Cotreatment": "T",
    "Comparison": "=",
    "Conversion": "V",
}
"""One character for each label of BioRED."""


@dataclass(frozen=True)
class Node:
    """An entity's place; `anchor` is that of its name, which stands at `text_x`."""

    entity: Entity
    x: float
    y: float
    text_x: float
    anchor: str
    name: str


@dataclass(frozen=True)
class Edge:
    """A relation's curve, and where its sign stands."""

    head: Entity
    tail: Entity
    label: str
    directed: bool
    path: str
    x: float
    y: float


@dataclass(frozen=True)
class Graph:
    """A drawing `height` high.

    Attributes:
        left_out: how many entities with a relation are not drawn, those with the fewest.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    height: int
    left_out: int


def sign(label: str) -> str:
    """A label's character; the first of its own where it is none of BioRED's."""
    return SIGNS.get(label, label[:1].upper() or "?")


def drawn(entities: Sequence[Entity], relations: Iterable[tuple[int, int, str, bool]]) -> Graph:
    """Draw relations, each (head's number, tail's number, label, whether the order says something) once."""
    distinct = list(dict.fromkeys(relations))
    degree = Counter(number for head, tail, _, _ in distinct for number in (head, tail))
    kept = {number for number, _ in degree.most_common(_MOST_NODES)}
    order = sorted(kept, key=lambda number: (_rank(entities[number]), number))
    step = _STEP if len(distinct) <= _FEW else _WIDE_STEP
    middle = -(-len(order) // 2)
    columns = (order[:middle], order[middle:])
    nodes = [
        _node(entities[number], row, len(column), column is columns[0], step)
        for column in columns
        for row, number in enumerate(column)
    ]
    height = _TOP * 2 + max(middle - 1, 0) * step
    places = {node.entity.number: node for node in _centred(nodes, height)}
    edges = [
        _edge(places[head], places[tail], label, directed, number)
        for number, (head, tail, label, directed) in enumerate(distinct)
        if head in kept and tail in kept
    ]
    return Graph(tuple(places.values()), tuple(edges), height, len(degree) - len(kept))


def _rank(entity: Entity) -> int:
    return _FAMILIES.find(entity.family) if entity.family else len(_FAMILIES)


def _node(entity: Entity, row: int, rows: int, is_left: bool, step: int) -> Node:
    bend = 0.0 if rows < 2 else 4 * (row / (rows - 1)) * (1 - row / (rows - 1))
    x = _LEFT - _BULGE * bend if is_left else _RIGHT + _BULGE * bend
    name = entity.name if len(entity.name) <= _LONGEST_NAME else f"{entity.name[: _LONGEST_NAME - 1]}…"
    return Node(
        entity, x, _TOP + row * step, x - 16 if is_left else x + 16, "end" if is_left else "start", name
    )


def _centred(nodes: Sequence[Node], height: int) -> list[Node]:
    """The shorter column moved to the middle of the longer one."""
    lowest = max((node.y for node in nodes if node.anchor == "start"), default=0.0)
    by = (height - _TOP - lowest) / 2
    return [
        Node(node.entity, node.x, node.y + by, node.text_x, node.anchor, node.name)
        if node.anchor == "start"
        else node
        for node in nodes
    ]


def _edge(head: Node, tail: Node, label: str, directed: bool, number: int) -> Edge:
    if head.anchor != tail.anchor:
        middle = (head.x + tail.x) / 2
        controls = ((middle, head.y), (middle, tail.y))
    else:
        inward = 1 if head.anchor == "end" else -1
        depth = min(36 + abs(head.y - tail.y) * 0.4, 150)
        controls = ((head.x + inward * depth, head.y), (tail.x + inward * depth, tail.y))
    points = ((head.x, head.y), *controls, (tail.x, tail.y))
    along = 0.5 if head.anchor == tail.anchor else 0.26 + 0.12 * (number % 5)
    x, y = (_bezier([point[axis] for point in points], along) for axis in (0, 1))
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}C" + " ".join(
        f"{px:.1f} {py:.1f}" for px, py in points[1:]
    )
    return Edge(head.entity, tail.entity, label, directed, path, round(x, 1), round(y, 1))


def _bezier(values: Sequence[float], t: float) -> float:
    a, b, c, d = values
    return (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d

"""The corners of the area that points span."""

from collections.abc import Sequence

Point = tuple[float, float]


def hull(places: Sequence[Point]) -> list[Point]:
    """The convex hull, by Andrew's monotone chain; fewer than three places are their own."""
    ordered = sorted(set(places))
    if len(ordered) < 3:
        return ordered
    return _chain(ordered)[:-1] + _chain(ordered[::-1])[:-1]


def _chain(ordered: Sequence[Point]) -> list[Point]:
    chain: list[Point] = []
    for point in ordered:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

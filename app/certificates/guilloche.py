"""The fine rosette behind a certificate's words: closed curves, the same every time."""

from math import cos, pi, sin

Point = tuple[float, float]

PETALS = 18
STEPS = 360


def rosette(centre: Point, radius: float, rings: int = 5) -> list[list[Point]]:
    """Return closed curves around a centre, in the unit of ``radius``."""
    return [_ring(centre, radius, ring / rings) for ring in range(rings)]


def _ring(centre: Point, radius: float, turn: float) -> list[Point]:
    x, y = centre
    return [
        (x + _reach(radius, angle, turn) * cos(angle), y + _reach(radius, angle, turn) * sin(angle))
        for angle in (2 * pi * step / STEPS for step in range(STEPS + 1))
    ]


def _reach(radius: float, angle: float, turn: float) -> float:
    """How far out the curve is at an angle; a turn shifts its petals between its neighbours'."""
    return radius * (0.78 + 0.22 * cos(PETALS * (angle + turn * 2 * pi / PETALS)))

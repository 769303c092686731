# SPDX-License-Identifier: MIT
"""Draws charts in SVG that show how a cost grows with a size.

    chart = Chart("Title", "what grows (unit)", "cost (unit)")
    chart.add("h2rig", 1024, "1 KiB", series)
    chart.svg()

The axis of sizes is logarithmic, with a tick at each size that was measured.
The axis of costs is logarithmic too or, with log=False, linear from 0.  A
point is a median; the bar through it goes from the least to the greatest
sample.
"""
import math
from typing import Dict, List, NamedTuple, Tuple
from xml.sax.saxutils import escape

from measure import Series

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 76, 64
# Colour, dashes, shape of the points: lines differ without colour too.
STYLES = (("#1f5fa8", "", "circle"), ("#b5481c", "7 4", "square"),
          ("#2c7a3d", "2 3", "diamond"), ("#6b3fa0", "9 3 2 3", "triangle"))


class Point(NamedTuple):
    """A size and its cost."""
    x: float
    cost: Series


class Chart:
    """Lines over one pair of axes."""

    def __init__(self, title: str, x_label: str, y_label: str,
                 log: bool = True) -> None:
        self.title, self.x_label, self.y_label = title, x_label, y_label
        self.log = log
        self.lines: Dict[str, List[Point]] = {}
        self.sizes: Dict[float, str] = {}

    def add(self, line: str, x: float, label: str, cost: Series) -> None:
        """Adds a point to a line; label: the text of the tick at x."""
        self.lines.setdefault(line, []).append(Point(x, cost))
        self.sizes[x] = label

    # ---- scales

    def _x(self, x: float) -> float:
        low, high = math.log(min(self.sizes)), math.log(max(self.sizes))
        inner = WIDTH - LEFT - RIGHT - 40
        return LEFT + 20 + inner * (math.log(x) - low) / ((high - low) or 1)

    def _ends(self) -> Tuple[float, float]:
        """Returns the least and the greatest value on the vertical axis."""
        points = [p.cost for line in self.lines.values() for p in line]
        low, high = min(c.low for c in points), max(c.high for c in points)
        if not self.log:
            return 0.0, high * 1.05
        return (max(t for t in log_ticks(low) if t <= low),
                min(t for t in log_ticks(high) if t >= high))

    def _y(self, y: float) -> float:
        low, high = self._ends()
        y = max(y, low)             # memory that shrank is less than 0
        if self.log:
            y, low, high = math.log(y), math.log(low), math.log(high)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (y - low) / (
            high - low)

    def _ticks(self) -> List[float]:
        low, high = self._ends()
        if self.log:
            ticks = [t for e in range(int(math.log10(high / low)) + 1)
                     for t in log_ticks(low * 10 ** e)]
            if high / low > 2000:
                ticks = [t for t in ticks if f"{t:e}".startswith("1")]
        else:
            step = 10 ** math.floor(math.log10(high / 4))
            step *= next(m for m in (1, 2, 5, 10) if high / (step * m) <= 6)
            ticks = [i * step for i in range(int(high / step) + 1)]
        return sorted({t for t in ticks if low <= t * 1.0001
                       and t <= high * 1.0001})

    # ---- drawing

    def svg(self) -> str:
        """Returns the content of the SVG file."""
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="13" fill="#222" role="img">',
            f"<title>{escape(self.title)}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            text(LEFT, 26, self.title, "start", 'font-size="16" '
                 'font-weight="bold"')]
        parts += self._axes()
        for i, (name, points) in enumerate(self.lines.items()):
            parts += self._line(points, *STYLES[i % len(STYLES)])
            parts += legend(i, name, *STYLES[i % len(STYLES)])
        return "\n".join([*parts, "</svg>"]) + "\n"

    def _axes(self) -> List[str]:
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        parts = []
        for tick in self._ticks():
            y = self._y(tick)
            parts.append(line(LEFT, y, right, y, "#ddd"))
            parts.append(text(LEFT - 8, y + 4, f"{tick:,g}", "end"))
        for size, label in self.sizes.items():
            x = self._x(size)
            parts.append(line(x, bottom, x, bottom + 5, "#222"))
            parts.append(text(x, bottom + 20, label, "middle"))
        middle = (TOP + bottom) / 2
        return [*parts, line(LEFT, TOP, LEFT, bottom, "#222"),
                line(LEFT, bottom, right, bottom, "#222"),
                text((LEFT + right) / 2, HEIGHT - 16, self.x_label, "middle"),
                text(20, middle, self.y_label, "middle",
                     f'transform="rotate(-90 20 {middle:g})"')]

    def _line(self, points: List[Point], colour: str, dash: str, shape: str
              ) -> List[str]:
        at = [(self._x(p.x), self._y(p.cost.median)) for p in points]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        bars = [line(x, self._y(p.cost.low), x, self._y(p.cost.high), colour)
                for p, (x, _) in zip(points, at)]
        return [f'<polyline points="{joined}" fill="none" stroke="{colour}" '
                f'stroke-width="2" stroke-dasharray="{dash or "none"}"/>',
                *bars, *(mark(x, y, colour, shape) for x, y in at)]


def log_ticks(value: float) -> List[float]:
    """Returns the ticks 1, 2, 5, 10, ... around a value."""
    decade = math.floor(math.log10(value))
    return [float(f"{m}e{decade + e}") for e in (0, 1) for m in (1, 2, 5)]


def text(x: float, y: float, what: str, anchor: str, more: str = "") -> str:
    """Returns an element with text."""
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>'
            f"{escape(what)}</text>")


def line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    """Returns a thin line."""
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}"/>')


def mark(x: float, y: float, colour: str, shape: str) -> str:
    """Returns a point of a line."""
    corners = {"square": ((-4, -4), (4, -4), (4, 4), (-4, 4)),
               "diamond": ((0, -6), (6, 0), (0, 6), (-6, 0)),
               "triangle": ((0, -6), (6, 5), (-6, 5))}
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}"
                      for dx, dy in corners[shape])
    return f'<polygon points="{points}" fill="{colour}"/>'


def legend(i: int, name: str, colour: str, dash: str, shape: str
           ) -> List[str]:
    """Returns the i-th entry of the legend, below the title."""
    x, y = LEFT + 155 * i, 52
    return [f'<line x1="{x}" y1="{y}" x2="{x + 30}" y2="{y}" '
            f'stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dash or "none"}"/>',
            mark(x + 15, y, colour, shape), text(x + 38, y + 4, name, "start")]

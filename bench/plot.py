"""Bars with ranges as SVG, for a reader on paper, on a light page or on a dark one.

It draws one kind of picture; text keeps its size, and nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from bench.spread import Spread
from bench.targets import with_unit

WIDTH: Final = 860
LABEL_WIDTH: Final = 270
VALUE_WIDTH: Final = 100
ROW_HEIGHT: Final = 24
BAR_HEIGHT: Final = 14
GROUP_HEIGHT: Final = 34
TOP: Final = 16
BAR_WIDTH: Final = WIDTH - LABEL_WIDTH - VALUE_WIDTH

# An image in a page cannot see the page's colours, but knows what the reader prefers.
STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.ours { fill: #0969da; }
.other { fill: #8c959f; }
.range { stroke: #1f2328; stroke-width: 1.5; }
.axis { stroke: #d0d7de; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .ours { fill: #4493f8; }
  .other { fill: #6e7681; }
  .range { stroke: #e6edf3; }
  .axis { stroke: #3d444d; }
}
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        label: left of it.
        spread: its length and its range.
        is_ours: drawn in the colour of this service.
    """

    label: str
    spread: Spread
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Bars with a scale of their own.

    Attributes:
        title: above them.
        bars: from top to bottom.
    """

    title: str
    bars: tuple[Bar, ...]


def bar_chart(title: str, unit: str, groups: Sequence[Group]) -> str:
    """An SVG of the groups, one under the other.

    Args:
        title: for those who do not see it.
        unit: of all figures, said in each group's title.
        groups: at least one bar each; each group has its own scale, from 0.
    """
    parts: list[str] = []
    top = float(TOP)
    for group in groups:
        parts.append(_text(0, top + 12, f"{group.title} ({unit})", "title"))
        top += GROUP_HEIGHT - 8
        full = max(bar.spread.high for bar in group.bars) or 1.0
        bottom = top + len(group.bars) * ROW_HEIGHT
        parts.append(_line(LABEL_WIDTH, top, LABEL_WIDTH, bottom, "axis"))
        for bar in group.bars:
            parts += _bar(bar, top, full)
            top += ROW_HEIGHT
        top += GROUP_HEIGHT - ROW_HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top:.0f}"'
        f' width="{WIDTH}" height="{top:.0f}" role="img" aria-label={quoteattr(title)}>\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _bar(bar: Bar, top: float, full: float) -> list[str]:
    spread = bar.spread
    length, low, high = (_across(value, full) for value in (spread.median, spread.low, spread.high))
    middle = top + ROW_HEIGHT / 2
    kind = "ours" if bar.is_ours else "other"
    drawn = [
        _text(LABEL_WIDTH - 8, middle + 4, bar.label, anchor="end"),
        f'<rect x="{LABEL_WIDTH}" y="{middle - BAR_HEIGHT / 2:.1f}" width="{length:.1f}"'
        f' height="{BAR_HEIGHT}" class="{kind}"/>',
        _text(
            LABEL_WIDTH + max(length, high) + 8, middle + 4, with_unit(spread.median, "").strip()
        ),
    ]
    if high - low > 1:
        drawn.append(_line(LABEL_WIDTH + low, middle, LABEL_WIDTH + high, middle, "range"))
        drawn += [
            _line(LABEL_WIDTH + x, middle - 4, LABEL_WIDTH + x, middle + 4, "range")
            for x in (low, high)
        ]
    return drawn


def _across(value: float, full: float) -> float:
    return value / full * BAR_WIDTH


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    classes = f' class="{kind}"' if kind else ""
    anchored = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{classes}{anchored}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'

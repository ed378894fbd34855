"""What ran when, and where: spans, and their picture as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BAR_COLUMNS = 60
#: Scales of the axis, in seconds between two marks.
STRIDES = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
MARK_COLUMNS = 8


@dataclass(frozen=True)
class Span:
    """A phase of the work at one place."""

    phase: str
    """What is done: prepare, balance, init, network, join …"""
    place: str
    """Name of the host, or `-` for work on the machine that the command runs on."""
    begin: float
    """Seconds since the command started."""
    end: float
    """Seconds since the command started."""


def ordered(spans: Iterable[Span]) -> list[Span]:
    """Return spans phase by phase, in the order the phases begin in, and by place within a phase."""
    spans = list(spans)
    first: dict[str, float] = {}
    for span in spans:
        first[span.phase] = min(span.begin, first.get(span.phase, span.begin))
    return sorted(spans, key=lambda span: (first[span.phase], span.phase, span.place, span.begin))


def together(spans: Iterable[Span]) -> dict[str, Span]:
    """Return for each phase one span, from its first begin to its last end."""
    whole: dict[str, Span] = {}
    for span in ordered(spans):
        known = whole.get(span.phase, span)
        whole[span.phase] = Span(span.phase, "-", min(known.begin, span.begin), max(known.end, span.end))
    return whole


def chart(spans: Sequence[Span], seconds: float, columns: int = BAR_COLUMNS) -> str:
    """Return a time line of `seconds`: one line a phase and place, with its bar, begin, end and duration."""
    rows = ordered(spans)
    scale = columns / max(seconds, 0.001)
    names = max([len(span.phase) for span in rows] + [5]), max([len(span.place) for span in rows] + [5])
    lines = [f"{'phase':{names[0]}}  {'place':{names[1]}}  {_axis(seconds, columns)}  begin    end   took"]
    for span in rows:
        begin = min(int(span.begin * scale), columns - 1)
        length = max(1, min(round(span.end * scale), columns) - begin)
        bar = " " * begin + "#" * length
        times = f"{span.begin:6.1f} {span.end:6.1f} {span.end - span.begin:6.1f}"
        lines.append(f"{span.phase:{names[0]}}  {span.place:{names[1]}}  {bar:{columns}} {times}")
    return "\n".join(lines) + "\n"


def _axis(seconds: float, columns: int) -> str:
    """Return marks `|0`, `|20` … in seconds, at least as far from each other as a label is long."""
    scale = columns / max(seconds, 0.001)
    stride = next((s for s in STRIDES if s * scale >= MARK_COLUMNS), STRIDES[-1])
    text = [" "] * columns
    for number in range(0, int(seconds) + 1, stride):
        at = int(number * scale)
        label = f"|{number}"
        if at + len(label) <= columns:
            text[at : at + len(label)] = label
    return "".join(text)

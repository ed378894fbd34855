"""A plan for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.plan.plan import Plan
from components.plan.quorum import Tolerance

COMPARED = "Compared with the last `pulumi up` that came to its end."


def as_text(plan: Plan) -> str:
    """Return the plan as lines, the headline first."""
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    yield f"Plan for {plan.headline}"
    if not (plan.stages or plan.transition.changes):
        yield from (f"  Think twice: {caution}" for caution in plan.cautions)
        return
    if not plan.transition.first:
        yield f"  {COMPARED}"
    changed = list(settings(plan))
    if changed:
        yield "  Settings that differ:"
        yield from (f"    {line}" for line in changed)
    if plan.stages:
        yield "  In this order:"
    for number, stage in enumerate(plan.stages, start=1):
        yield f"  {number}. {stage.title}"
        yield from (f"       {line}" for line in stage.lines)
    if plan.stages and plan.tolerances:
        yield "  Losses that can be taken     before  during   after"
        for t in plan.tolerances:
            parts = f"{t.part} ({counts(t)})"
            now = "-" if plan.transition.first else str(t.before)
            during = "-" if plan.transition.first else str(t.during)
            yield f"    {parts:24} {now:>8}{during:>8}{t.after:>8}"
        yield from (f"  {line}" for line in _noticed(plan))
    if plan.costs:
        yield f"  Costs money: {', '.join(plan.costs)}."
    if plan.untouched:
        yield f"  Untouched: {plan.untouched}"
    yield from (f"  Think twice: {caution}" for caution in plan.cautions)


def _noticed(plan: Plan) -> Iterator[str]:
    if plan.interruptions:
        yield "Users notice:"
        yield from (f"  {line}" for line in plan.interruptions)
    elif not plan.transition.first:
        yield "Users notice nothing."


def counts(tolerance: Tolerance) -> str:
    """Return `3` or `3 -> 5`."""
    if tolerance.count_before in (0, tolerance.count_after):
        return str(tolerance.count_after)
    return f"{tolerance.count_before} -> {tolerance.count_after}"


def settings(plan: Plan) -> Iterator[str]:
    """Yield a line for each setting that differs."""
    for change in plan.transition.changes:
        yield f"{change.path}: {shown(change.before)} -> {shown(change.after)}"


def _entry(item: Any) -> str:
    """Return an entry of a list, one that has a name by that and what belongs to it."""
    if not isinstance(item, dict):
        return str(item)
    return " ".join(shown(item[key]) for key in sorted(item, key=lambda key: key != "name"))


def shown(value: Any) -> str:
    """Return a value as a plan shows it: mappings and digests by their kind, long texts cut."""
    if isinstance(value, dict):
        return "{" + ", ".join(sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_entry(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return text[:15] if text.startswith("sha256:") else text if len(text) <= 80 else f"{text[:79]}…"

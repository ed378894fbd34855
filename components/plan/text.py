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
    happens = plan.stages or plan.transition.changes
    if happens and not plan.transition.first:
        yield f"  {COMPARED}"
    # What could go wrong comes before what will happen.
    yield from (f"  Warning: {caution}" for caution in plan.cautions)
    if not happens:
        return
    changed = list(settings(plan))
    if changed:
        yield "  Settings that differ:"
        yield from (f"    {path}: {before} -> {after}" for path, before, after in changed)
    if plan.stages:
        yield "  In this order:"
    for number, stage in enumerate(plan.stages, start=1):
        yield f"  {number}. {stage.title}"
        yield from (f"       {line}" for line in stage.lines)
    if plan.stages and plan.tolerances:
        yield "  Failures tolerated           before  during   after"
        for t in plan.tolerances:
            parts = f"{t.part} ({counts(t)})"
            yield f"    {parts:24} {''.join(f'{cell:>8}' for cell in tolerated(plan, t))}"
        yield from (f"  {line}" for line in _noticed(plan))
    if plan.stages and plan.way_back:
        yield "  Way back:"
        yield from (f"    {line}" for line in plan.way_back)
    if plan.costs:
        yield f"  Costs money: {', '.join(plan.costs)}."
    if plan.untouched:
        yield f"  Untouched: {plan.untouched}"


def tolerated(plan: Plan, tolerance: Tolerance) -> tuple[str, str, str]:
    """Return how many failures are tolerated before, during and after: of a new cluster that is known at its end."""
    before, during, after = (
        "down" if number < 0 else str(number) for number in (tolerance.before, tolerance.during, tolerance.after)
    )
    return ("-", "-", after) if plan.transition.first else (before, during, after)


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


def settings(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Yield each setting that differs, with what it was and what it will be; of a mapping the keys that differ."""
    for change in plan.transition.changes:
        before, after = change.before, change.after
        if not isinstance(before, dict) or not isinstance(after, dict):
            yield change.path, shown(before), shown(after)
            continue
        for key in dict.fromkeys([*before, *after]):
            old, new = before.get(key, "none"), after.get(key, "none")
            if old != new:
                yield f"{change.path}.{key}", shown(old), shown(new)


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

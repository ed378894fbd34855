"""A plan for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from components.plan import text
from components.plan.picture import picture
from components.plan.plan import Plan


def as_markdown(plan: Plan) -> str:
    """Return the plan as Markdown, with a Mermaid picture of before and after."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield f"### Plan for {plan.headline}"
    if not plan.transition.first:
        yield from ("", text.COMPARED)
    if plan.cautions:
        yield from ("", "> [!WARNING]")
        yield from (f"> {_prose(caution)}  " for caution in plan.cautions)
    changed = list(text.settings(plan))
    if changed:
        yield from ("", "| setting | before | after |", "|---|---|---|")
        yield from (f"| `{path}` | {_cell(before)} | {_cell(after)} |" for path, before, after in changed)
    if plan.stages:
        yield from ("", "**In this order**", "")
    for number, stage in enumerate(plan.stages, start=1):
        yield f"{number}. *{stage.title}*"
        yield from (f"   - {_prose(line)}" for line in stage.lines)
    if plan.stages and plan.tolerances:
        yield from ("", "| failures tolerated | before | during | after |", "|---|--:|--:|--:|")
        for t in plan.tolerances:
            yield f"| {t.part} ({text.counts(t).replace('->', '→')}) | {' | '.join(text.tolerated(plan, t))} |"
    if plan.interruptions:
        yield from ("", "**Users notice**", "")
        yield from (f"- {_prose(line)}" for line in plan.interruptions)
    elif plan.stages and plan.tolerances and not plan.transition.first:
        yield from ("", "**Users notice nothing.**")
    if plan.stages and plan.way_back:
        yield from ("", "**Way back**", "")
        yield from (f"- {_prose(line)}" for line in plan.way_back)
    if plan.costs:
        yield from ("", f"Costs money: {', '.join(plan.costs).replace('->', '→')}.")
    if plan.untouched:
        yield from ("", f"Untouched: {plan.untouched}")
    drawn = picture(plan.transition)
    if drawn:
        yield from ("", "```mermaid", *drawn, "```")


def _cell(value: str) -> str:
    return f"`{value.replace('|', '/').replace('`', '')}`"


def _prose(line: str) -> str:
    return line.replace("<", "&lt;")

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
    changed = list(text.settings(plan))
    if changed:
        yield from ("", "| setting | before | after |", "|---|---|---|")
        for change in plan.transition.changes:
            yield f"| `{change.path}` | {_cell(text.shown(change.before))} | {_cell(text.shown(change.after))} |"
    if plan.stages:
        yield from ("", "**In this order**", "")
    for number, stage in enumerate(plan.stages, start=1):
        yield f"{number}. *{stage.title}*"
        yield from (f"   - {_prose(line)}" for line in stage.lines)
    if plan.stages and plan.tolerances:
        yield from ("", "| losses that can be taken | before | during | after |", "|---|--:|--:|--:|")
        for t in plan.tolerances:
            before, during = ("-", "-") if plan.transition.first else (str(t.before), str(t.during))
            yield f"| {t.part} ({text.counts(t).replace('->', '→')}) | {before} | {during} | {t.after} |"
    if plan.interruptions:
        yield from ("", "**Users notice**", "")
        yield from (f"- {_prose(line)}" for line in plan.interruptions)
    elif plan.stages and plan.tolerances and not plan.transition.first:
        yield from ("", "**Users notice nothing.**")
    if plan.costs:
        yield from ("", f"Costs money: {', '.join(plan.costs).replace('->', '→')}.")
    if plan.untouched:
        yield from ("", f"Untouched: {plan.untouched}")
    if plan.cautions:
        yield from ("", "> [!WARNING]")
        yield from (f"> {_prose(caution)}  " for caution in plan.cautions)
    drawn = picture(plan.transition)
    if drawn:
        yield from ("", "```mermaid", *drawn, "```")


def _cell(value: str) -> str:
    return f"`{value.replace('|', '/').replace('`', '')}`"


def _prose(line: str) -> str:
    return line.replace("<", "&lt;")

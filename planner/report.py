"""A verdict in the forms it is asked for: text, Markdown, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from components.faults import Fault, lines
from components.plan import as_markdown, as_text
from components.plan.text import COMPARED
from planner.making import Verdict
from planner.secrecy import masked


def as_asked(verdict: Verdict, form: str) -> str:
    """Return the verdict as `text`, `markdown` or `json`, without its secrets."""
    if form == "json":
        return json.dumps(masked(_document(verdict), verdict.secrets), indent=2, ensure_ascii=False)
    forms: dict[str, Callable[[Verdict], Iterator[str]]] = {"text": _text, "markdown": _markdown}
    written: str = masked("\n".join(forms[form](verdict)), verdict.secrets)
    if verdict.against:
        written = written.replace(COMPARED, f"Compared with {verdict.against}, not with what is deployed.")
    return written


def _text(verdict: Verdict) -> Iterator[str]:
    if verdict.plan is None:
        yield f"Refused: {_count(verdict)}; no host was contacted."
        yield from (f"  {line}" for line in lines(verdict.faults))
        return
    yield as_text(verdict.plan)
    yield from (f"  Warning: {line}" for line in lines(verdict.warnings))


def _markdown(verdict: Verdict) -> Iterator[str]:
    if verdict.plan is None:
        yield f"### Refused: {_count(verdict)}"
        yield ""
        yield "No host was contacted, and `pulumi up` would change nothing."
        yield ""
        yield from (f"- {_told(line)}" for line in lines(verdict.faults))
        return
    yield as_markdown(verdict.plan).rstrip("\n")
    if verdict.warnings:
        yield from ("", "> [!NOTE]")
        yield from (f"> {_told(line)}  " for line in lines(verdict.warnings))


def _count(verdict: Verdict) -> str:
    faults = f"{len(verdict.faults)} fault{'s' if len(verdict.faults) > 1 else ''}"
    return f"the cluster file of {verdict.stack} has {faults}"


def _prose(text: str) -> str:
    # Values of the file are in here: nothing of them may become a tag, or call somebody by name.
    return " ".join(text.split()).replace("<", "&lt;").replace("@", "@&#8203;")


def _told(line: str) -> str:
    """Return a line of faults with its path in bold; one that gathers many has none."""
    path, colon, rest = line.partition(": ")
    if not colon or any(c.isspace() for c in path):
        return _prose(line)
    return f"**`{path.replace('`', chr(39))}`** {_prose(rest)}"


def _document(verdict: Verdict) -> dict[str, Any]:
    plan = verdict.plan
    document: dict[str, Any] = {
        "refused": plan is None,
        "faults": [_as_values(fault) for fault in verdict.faults],
        "warnings": [_as_values(warning) for warning in verdict.warnings],
    }
    if plan is not None:
        document |= {
            "headline": plan.headline,
            "first": plan.transition.first,
            "settings": [{"path": c.path, "before": c.before, "after": c.after} for c in plan.transition.changes],
            "stages": [{"title": stage.title, "lines": list(stage.lines)} for stage in plan.stages],
            "losses": [
                {"part": t.part, "before": t.before, "during": t.during, "after": t.after} for t in plan.tolerances
            ],
            "interruptions": list(plan.interruptions),
            "cautions": list(plan.cautions),
            "wayBack": list(plan.way_back),
            "untouched": plan.untouched,
        }
    return document


def _as_values(fault: Fault) -> dict[str, str]:
    return {"path": fault.path, "problem": fault.problem, "remedy": fault.remedy}

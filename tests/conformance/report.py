"""docs/conformance.md: every conformance test by name, and what became of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.conformance.suite import FAILED, OPEN, PASSED, Outcome

FILE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
HEAD = """\
# Conformance

What became of each of the {total} tests that Kubernetes {version} calls `[Conformance]` on clusters of
the lab: three control planes and two workers behind two load balancers, without the internet. The page is
generated from [tests/conformance/results.yaml](../tests/conformance/results.yaml), which only a run writes.

| passed | failed | not run |
|---|---|---|
| {passed} | {failed} | {open} |

`make conformance` runs all of them, `make conformance FOCUS='sig-network.*DNS'` those that a regular expression finds,
and `make conformance REST=yes` those that have not passed yet: two hours at most, eight tests at a time. The tests are
upstream's own program, built from its source. The images that they pull are built here too and have upstream's names:
agnhost, nautilus, kitten, nonewprivs and the sample API server from Kubernetes' source, BusyBox, Bash, nginx and dig
from Debian's packages, so of other versions than upstream's. The results are of several runs, each of a part. This is
no certificate: only the CNCF gives those, for runs with upstream's images.
"""


def page(outcomes: Mapping[str, Outcome], version: str) -> str:
    """Return the whole page."""
    counted = Counter(outcome.result for outcome in outcomes.values())
    text = HEAD.format(
        total=len(outcomes), version=version, passed=counted[PASSED], failed=counted[FAILED], open=counted[OPEN]
    )
    for title, wanted in (("Failed", FAILED), ("Not run", OPEN)):
        rows = [(name, o) for name, o in sorted(outcomes.items()) if o.result == wanted]
        if rows:
            text += f"\n## {title}\n\n| test | reason |\n|---|---|\n"
            text += "".join(f"| {_shown(name)} | {_cell(o.reason)} |\n" for name, o in rows)
    groups: dict[str, list[tuple[str, Outcome]]] = {}
    for name, outcome in sorted(outcomes.items()):
        if outcome.result == PASSED:
            groups.setdefault(group(name), []).append((name, outcome))
    text += "\n## Passed\n"
    for title, rows in sorted(groups.items()):
        text += f"\n### {title}: {len(rows)}\n\n| test | seconds |\n|---|---|\n"
        text += "".join(f"| {_shown(name)} | {o.seconds} |\n" for name, o in rows)
    return text


def group(name: str) -> str:
    """Return the special-interest group that a test is of."""
    found = re.match(r"\[(sig-[a-z-]+)\]", name)
    return found[1] if found else "others"


def _shown(name: str) -> str:
    return _cell(re.sub(r"^\[sig-[a-z-]+\] ", "", name) if group(name) != "others" else name)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")

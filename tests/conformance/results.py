"""What became of each test, kept beside the report: a run of a part leaves the rest as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.suite import FAILED, OPEN, PASSED, Outcome, reason

FILE = Path(__file__).with_name("results.yaml")
HEAD = "# What became of each conformance test, written by `make conformance`; docs/conformance.md is made of it.\n"
_NOT_YET = Outcome(OPEN, reason="no run has come to it yet")


def load(file: Path = FILE) -> dict[str, Outcome]:
    """Return the outcomes that were written down, by the test's name."""
    raw: dict[str, Any] = yaml.safe_load(file.read_text()) if file.is_file() else {}
    return {name: Outcome(**entry) for name, entry in (raw or {}).items()}


def save(outcomes: Mapping[str, Outcome], file: Path = FILE) -> None:
    """Write the outcomes down, in the order of the names."""
    entries = {
        name: {
            "result": o.result,
            **({"seconds": o.seconds} if o.seconds else {}),
            **({"reason": o.reason} if o.reason else {}),
        }
        for name, o in sorted(outcomes.items())
    }
    file.write_text(HEAD + yaml.safe_dump(entries, sort_keys=False, width=1000, allow_unicode=True))


def merged(
    names: Iterable[str], before: Mapping[str, Outcome], now: Mapping[str, Outcome], explained: dict[str, str]
) -> dict[str, Outcome]:
    """Return an outcome for every test: that of this run, or of an earlier one, or why there is none."""
    found = {}
    for name in names:
        fresh = now.get(name)
        if fresh and fresh.result == FAILED:
            found[name] = replace(fresh, reason=reason(name, explained) or fresh.reason)
        elif fresh and (fresh.result != OPEN or before.get(name, _NOT_YET).result == OPEN):
            found[name] = fresh
        else:
            found[name] = before.get(name, _NOT_YET)
    return found


def remaining(names: Iterable[str], outcomes: Mapping[str, Outcome]) -> list[str]:
    """Return the tests that have not passed."""
    return [name for name in names if outcomes.get(name, _NOT_YET).result != PASSED]

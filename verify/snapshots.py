"""Judging etcd's snapshots, by the notes that members' hosts leave in etcd of those that they take. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from verify.facts import Facts, SnapshotNote, Stack
from verify.judgement import Check

#: Where scripts/snapshots/take-snapshot.sh leaves them, and the first key after all of them.
PREFIX, END = "/kubeadm-ha/snapshots/", "/kubeadm-ha/snapshots0"


def understood(answer: Mapping[str, Any]) -> dict[str, SnapshotNote]:
    """Return the notes by host from etcd's JSON, in which keys and values are base64; raises ValueError or KeyError."""
    found = {}
    for each in answer.get("kvs") or ():
        note = json.loads(base64.b64decode(each["value"]))
        host = base64.b64decode(each["key"]).decode().removeprefix(PREFIX)
        found[host] = SnapshotNote(_moment(note["taken"]), note["problem"])
    return found


def _moment(text: str) -> datetime | None:
    """Return the time in the name of a snapshot."""
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if text else None


def check(stack: Stack, facts: Facts) -> Check:
    """Return the check of the snapshots that a stack asks for: one that failed, or is too old, is a fault."""
    if isinstance(facts.snapshots, str):
        return Check(
            "snapshots", facts.snapshots, (f"what became of etcd's snapshots is not known: {facts.snapshots}",)
        )
    problems = {host: _problem(stack, facts, facts.snapshots.get(host)) for host in stack.members()}
    times = [(note.taken, host) for host, note in facts.snapshots.items() if note.taken and host in problems]
    newest = max(times, default=None)
    last = f", the last one {_age(facts, newest[0])} ago on {newest[1]}" if newest else ""
    faults = tuple(f"snapshots of etcd on {host}: {problem}" for host, problem in problems.items() if problem)
    return Check(
        "snapshots", f"every {stack.snapshot_hours} h{last}", faults, len(problems) - len(faults), len(problems)
    )


def _problem(stack: Stack, facts: Facts, note: SnapshotNote | None) -> str:
    if note is None:
        return "none was ever taken"
    if note.problem:
        return note.problem
    if note.taken is None:
        return "there is none"
    late = facts.now - note.taken > timedelta(hours=2 * stack.snapshot_hours)
    return f"the last one was {_age(facts, note.taken)} ago" if late else ""


def _age(facts: Facts, taken: datetime) -> str:
    minutes = max(0, int((facts.now - taken).total_seconds()) // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 4800 else f"{minutes // 1440} days"

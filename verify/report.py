"""A judgement as a table to read at night, and as JSON."""

from __future__ import annotations

from typing import Any

from verify.facts import Facts, Member, Stack
from verify.judgement import Check, Judgement, State, Verdict, counted

MARKS = {State.OK: "ok", State.DEGRADED: "WARN", State.DOWN: "DOWN"}
MOST_FAULTS = 3


def sentence(stack: Stack, judgement: Judgement) -> str:
    """Return the verdict as one sentence."""
    losses = f"it can lose {_losses(judgement)} now"
    if judgement.verdict is Verdict.AVAILABLE:
        return f"{stack.name} is highly available: {losses}."
    if judgement.verdict is Verdict.DEGRADED:
        return f"{stack.name} works but is degraded, {losses}: {_first(judgement.faults, MOST_FAULTS)}."
    down = any(check.state is State.DOWN and check.ready is not None for check in judgement.checks)
    # The first of them explains the others.
    return f"{stack.name} {'is DOWN' if down else 'cannot be judged'}: {_first(judgement.faults, 1)}."


def _losses(judgement: Judgement) -> str:
    words = [
        counted(max(0, judgement.control_planes or 0), "control plane"),
        *([] if judgement.balancers is None else [counted(max(0, judgement.balancers), "balancer")]),
        counted(max(0, judgement.dns or 0), "node with DNS", "nodes with DNS"),
    ]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _first(faults: list[str], most: int) -> str:
    more = [f"and {len(faults) - most} more"] if len(faults) > most else []
    return "; ".join([*faults[:most], *more])


def table(stack: Stack, facts: Facts, judgement: Judgement) -> str:
    """Return the table, what is wrong below it, and the verdict."""
    rows = [("", "CHECK", "READY", "CAN LOSE", "DETAIL"), *map(_row, judgement.checks)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [f"{stack.name}  https://{stack.host}:{stack.port}  {stack.version}  {facts.now:%Y-%m-%d %H:%M:%S} UTC", ""]
    lines += ["  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[4]]).rstrip() for row in rows]
    # The sentence below names the first of them only.
    if len(judgement.faults) > 1:
        lines += ["", *(f"  - {fault}" for fault in judgement.faults)]
    return "\n".join([*lines, "", sentence(stack, judgement)])


def _row(check: Check) -> tuple[str, str, str, str, str]:
    ready = "?" if check.ready is None else f"{check.ready}/{check.wanted}"
    losses = "" if check.losses is None else str(_count(check.losses))
    return MARKS[check.state], check.name, ready, losses, check.detail


def document(stack: Stack, facts: Facts, judgement: Judgement) -> dict[str, Any]:
    """Return the same for machines; docs/verify.md describes it."""
    return {
        "cluster": stack.name,
        "endpoint": f"https://{stack.host}:{stack.port}",
        "time": f"{facts.now:%Y-%m-%dT%H:%M:%SZ}",
        "verdict": judgement.verdict.name.lower(),
        "exitStatus": int(judgement.verdict),
        "sentence": sentence(stack, judgement),
        "canLose": {
            "controlPlanes": _count(judgement.control_planes),
            "balancers": _count(judgement.balancers),
            "dnsNodes": _count(judgement.dns),
        },
        "faults": judgement.faults,
        "checks": [
            {
                "name": check.name,
                "state": check.state.value,
                "ready": check.ready,
                "wanted": check.wanted,
                "canLose": _count(check.losses),
                "detail": check.detail,
                "faults": list(check.faults),
            }
            for check in judgement.checks
        ],
        "etcd": None if isinstance(facts.members, str) else [_member(its) for its in facts.members],
    }


def _count(losses: int | None) -> int | None:
    return None if losses is None else max(0, losses)


def _member(member: Member) -> dict[str, Any]:
    status = member.status
    return {
        "name": member.name,
        "learner": member.learner,
        "answers": status is not None,
        "leads": status is not None and status.leader == member.id,
        "raftIndex": status.raft_index if status else None,
        "databaseBytes": status.size_bytes if status else None,
        "version": status.version if status else None,
    }

"""Words of a plan: names gathered so that a line stays a line, whatever the size of the cluster."""

from __future__ import annotations

from collections.abc import Sequence

from components.plan.transition import Machine

#: More names than this are counted, not told.
SHOWN = 6


def names(machines: Sequence[Machine], *, addresses: bool = False) -> str:
    """Return `a, b and c`, or the first few and how many more."""
    shown = [str(m) if addresses else m.name for m in machines[:SHOWN]]
    if len(machines) > SHOWN:
        return f"{', '.join(shown)} and {len(machines) - SHOWN} more"
    return listed(shown)


def listed(words: Sequence[str]) -> str:
    """Return words as a sentence has them: `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def count(number: int, thing: str) -> str:
    """Return `1 worker` or `3 workers`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def verb(machines: Sequence[Machine], one: str, many: str) -> str:
    """Return the form of a verb that goes with so many."""
    return one if len(machines) == 1 else many


def turns(machines: Sequence[Machine]) -> str:
    """Return `a, then b, then c are`: one after another."""
    return f"{', then '.join(machine.name for machine in machines)} {verb(machines, 'is', 'are')}"


def healthy(machines: Sequence[Machine]) -> str:
    """Return when the next one begins, or when the only one is done."""
    alone = " The run goes on when it is healthy."
    return verb(machines, alone, " The next one begins when the one before is healthy.")


def duration(seconds: int) -> str:
    """Return a time in the unit that a reader thinks of it in, rounded up."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{-(-seconds // length)} {unit}"
    return f"{seconds} s"

"""What is wrong with a cluster file, said so that it can be mended: every fault at once, in lines that can be read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

#: Hosts with one and the same fault are told in one line from this many on.
ALIKE = 3
#: Of faults that are alike but for a value, so many are told; more are only named.
SHOWN = 20
_ADDRESS = re.compile(r"\b\d+\.\d+\.\d+\.\d+\b")
_QUOTED = re.compile(r"'[^']*'")
_HOST = re.compile(r"^(?P<group>endpoint|controlPlane|etcd|workers\.[^.]+)\.hosts\.(?P<host>[^.]+)(?P<key>\..*)?$")


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong: where, what was found, and the way out."""

    path: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}. {self.remedy}"


class ConfigurationError(Exception):
    """The cluster file cannot be used. Its text lists every fault; nothing has been contacted."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults), key=_place)
        count = f"{len(self.faults)} fault{'s' if len(self.faults) > 1 else ''}"
        listed = "\n".join(f"  {line}" for line in lines(self.faults))
        super().__init__(f"the cluster file has {count}; no host was contacted:\n{listed}")


@cache  # asked for again and again, of a thousand at worst
def _place(fault: Fault) -> tuple[list[tuple[str, int]], str, str]:
    """Return what sorts faults by path, numbers in names by their value."""
    parts = re.findall(r"(\D+)(\d*)", f".{fault.path}")
    return [(text, int(number or 0)) for text, number in parts], fault.problem, fault.remedy


def lines(faults: Iterable[Fault]) -> list[str]:
    """Return faults or warnings as lines in the order of their paths, those of one kind gathered."""
    alike: dict[Hashable, list[Fault]] = defaultdict(list)
    for fault in sorted(set(faults), key=_place):
        alike[_for_any_host(fault)].append(fault)
    single: list[tuple[Fault, Sequence[Fault]]] = []
    for group in alike.values():
        single += [(group[0], group[1:])] if len(group) >= ALIKE else [(fault, ()) for fault in group]
    kinds: dict[Hashable, list[tuple[Fault, Sequence[Fault]]]] = defaultdict(list)
    for entry in sorted(single, key=lambda entry: _place(entry[0])):
        kinds[_for_any_value(entry[0])].append(entry)
    told: list[tuple[Fault, str]] = []
    for entries in kinds.values():
        shown, more = (entries, []) if len(entries) <= SHOWN else (entries[: SHOWN - 1], entries[SHOWN - 1 :])
        told += [(fault, _with_others(fault, others)) for fault, others in shown]
        if more:
            paths = [fault.path for first, others in more for fault in (first, *others)]
            told.append((more[0][0], f"… and {len(paths)} more of this kind: {some(paths, SHOWN)}"))
    return [line for _, line in sorted(told, key=lambda entry: _place(entry[0]))]


def _with_others(fault: Fault, others: Sequence[Fault]) -> str:
    if not others:
        return str(fault)
    names = [match["host"] for other in others if (match := _HOST.match(other.path))]
    return f"{fault} The same at {some(names, SHOWN)}."


def some(names: Sequence[str], most: int = 5) -> str:
    """Return the first few of many names."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _for_any_host(fault: Fault) -> Hashable:
    """Return what is the same for hosts with the same fault: its text without name and address."""
    host = _HOST.match(fault.path)
    if host is None:
        return fault
    text = f"{fault.problem}|{fault.remedy}"
    return host["key"], _ADDRESS.sub("#", re.sub(rf"(?<![\w-]){re.escape(host['host'])}(?![\w-])", "@", text))


def _for_any_value(fault: Fault) -> Hashable:
    """Return what is the same for faults of one kind: their text without values."""
    host = _HOST.match(fault.path)
    key = (host["key"] or "" if host else fault.path).rpartition(".")[0]
    text = _QUOTED.sub("''", f"{fault.problem}|{fault.remedy}")
    return key, re.sub(r"\d+", "#", re.sub(r"[\w.-]*\.hosts\.[\w-]+|" + _ADDRESS.pattern, "@", text))

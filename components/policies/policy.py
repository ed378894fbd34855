"""What a policy is, and what the policies of a cluster file find."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic.alias_generators import to_camel

from components.config import Cluster, Level, MissingError
from components.faults import Fault
from components.spelling import nearest


@dataclass(frozen=True)
class Subject:
    """What policies judge."""

    cluster: Cluster
    certificates: Mapping[str, Any]
    """When certificates end, as the stack's output `certificates` of the last `up` has it."""
    now: datetime


@dataclass(frozen=True)
class Policy:
    """What may be forbidden."""

    name: str
    default: Level
    meaning: str
    find: Callable[[Subject], Iterator[Fault]]


POLICIES: dict[str, Policy] = {}


def policy(default: Level) -> Callable[[Callable[[Subject], Iterator[Fault]]], Callable[[Subject], Iterator[Fault]]]:
    """Make a function a policy."""

    def register(find: Callable[[Subject], Iterator[Fault]]) -> Callable[[Subject], Iterator[Fault]]:
        name = to_camel(find.__name__)
        POLICIES[name] = Policy(name, default, " ".join((inspect.getdoc(find) or "").split()), find)
        return find

    return register


def refusals(outputs: Mapping[str, Any] | None = None) -> Callable[[Cluster], Iterator[Fault]]:
    """Return what policies refuse as a rule for `rules.load`.

    `outputs` are the stack's own of its last `up`, if there was one.
    """

    def rule(cluster: Cluster) -> Iterator[Fault]:
        yield from _unknown(_chosen(cluster))
        yield from _judge("refuse", cluster, outputs)

    return rule


def warnings(cluster: Cluster, outputs: Mapping[str, Any] | None = None) -> list[Fault]:
    """Return what policies warn of."""
    return list(_judge("warn", cluster, outputs))


def _judge(level: Level, cluster: Cluster, outputs: Mapping[str, Any] | None) -> Iterator[Fault]:
    """Yield what the policies of one level find."""
    subject = Subject(cluster, (outputs or {}).get("certificates") or {}, datetime.now(UTC))
    chosen = _chosen(cluster)
    for each in POLICIES.values():
        if chosen.get(each.name, each.default) == level:
            yield from _found(each, level, subject)


def _chosen(cluster: Cluster) -> Mapping[str, Level]:
    return cluster.policies if cluster.knows("policies") else {}


def _found(each: Policy, level: Level, subject: Subject) -> list[Fault]:
    """Return what a policy finds; nothing where it asks for what is faulty in the file."""
    try:
        found = list(each.find(subject))
    except MissingError:
        return []
    lower = {"warn": "off", "refuse": "warn"}[level]
    return [Fault(f.path, f.problem, f"{f.remedy.rstrip('.')}, or set policies.{each.name}: {lower}.") for f in found]


def _unknown(chosen: Mapping[str, Level]) -> Iterator[Fault]:
    for name in chosen:
        if name not in POLICIES:
            near = nearest(name, POLICIES)
            yield Fault(
                f"policies.{name}",
                "is not a policy",
                f"Did you mean '{near}'?" if near else "docs/configuration.md lists them, under policies.",
            )


def below(value: Any, *path: str) -> Any:
    """Return the value at a path of nested mappings, None where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value

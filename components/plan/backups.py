"""etcd's snapshots, which the hosts of its members take by themselves: what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.plan.transition import Machine, Role, Transition
from components.plan.words import names, verb


def stage(transition: Transition) -> tuple[str, list[str]]:
    """Return what hosts are told of snapshots."""
    return "Snapshots of etcd, all hosts at once", list(_lines(transition))


def _lines(transition: Transition) -> Iterator[str]:
    before, after = _options(transition.deployed), _options(transition.wanted)
    members = transition.living(_role(transition.wanted))
    new = [m for m in members if m in transition.joining or m in transition.replaced]
    others = [m for m in members if m not in new]
    if after and before != after:
        yield _told(after, members, "" if transition.first else "; nothing is restarted")
        if before and before["directory"] != after["directory"]:
            yield f"Those in {before['directory']} stay there."
    elif after and new:
        yield _told(after, new, "")
    elif before and not after and others:
        yield (
            f"{names(others)} {verb(others, 'takes', 'take')} no snapshots of etcd any more; those in"
            f" {before['directory']} stay, and nothing is restarted."
        )


def _told(options: Mapping[str, Any], members: list[Machine], restarted: str) -> str:
    then = options["then"]
    sent = f", each given to {then['name']}" if isinstance(then, Mapping) else ""
    return (
        f"Snapshots of etcd every {options['everyHours']} h on {names(members)}, {options['keep']} kept in"
        f" {options['directory']}{sent}{restarted}."
    )


def headline(transition: Transition) -> Iterator[str]:
    """Yield what becomes of them, in a few words."""
    before, after = _options(transition.deployed), _options(transition.wanted)
    if before != after:
        yield "snapshots of etcd end" if not after else f"snapshots of etcd every {after['everyHours']} h"


def hosts(transition: Transition) -> Role | None:
    """Return whose hosts are told something of them; None where that is nobody."""
    told = not transition.first and _options(transition.deployed) != _options(transition.wanted)
    return _role(transition.wanted) if told else None


def _role(document: Mapping[str, Any]) -> Role:
    return Role.ETCD if document.get("etcd", {}).get("hosts") else Role.CONTROL_PLANE


def _options(document: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return what a document asks for; None for nothing, and for one of before there was a choice."""
    options = (document or {}).get("etcd", {}).get("snapshots")
    return options if isinstance(options, Mapping) else None

"""What becomes of manifests: those of a network of the user's own, and further ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.plan.transition import Role, Transition

_STAY = "namespaces, definitions of custom resources and volumes stay"


def applied(transition: Transition) -> tuple[str, list[str]]:
    """Return the stage in which manifests are applied and taken out."""
    acting = next((m.name for m in transition.living(Role.CONTROL_PLANE)), "a control plane")
    old, new = transition.deployed or {}, transition.wanted
    lines = [
        *_lines(acting, "the network's manifests ", _network_of(old), _network_of(new)),
        *_lines(acting, "", _contents(old.get("manifests")), _contents(new.get("manifests"))),
    ]
    return "Manifests", lines


def _lines(acting: str, what: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    fresh = [name for name, content in after.items() if before.get(name) != content]
    gone = [name for name in before if name not in after]
    if fresh:
        yield f"{acting} applies {what}{', '.join(fresh)}."
    if gone:
        yield f"What {', '.join(gone)} brought is removed; {_STAY}."
    elif any(name in before for name in fresh):
        yield f"An object that is in none of them any more is removed; {_STAY}."


def _network_of(document: Mapping[str, Any]) -> dict[str, str]:
    cni = document.get("network", {}).get("cni")
    return _contents(cni.get("manifests")) if isinstance(cni, Mapping) else {}


def _contents(entries: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    return {entry["name"]: entry["content"] for entry in entries or ()}

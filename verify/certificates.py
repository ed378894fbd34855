"""Judging the ends of certificates: those the stack recorded, and those that API servers show. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from verify.facts import Facts, Stack
from verify.judgement import Check, counted

SERVED = "apiserver"


def check(stack: Stack, facts: Facts, days: int) -> Check:
    """Return the check of certificates; one that ends within `days` is a fault."""
    ends = sorted(_ends(stack, facts))
    if not ends:
        return Check("certificates", "none known")
    soon = [(end, name) for end, name in ends if end - facts.now < timedelta(days=days)]
    faults = tuple(f"certificate {name} {_when(end, facts.now)}" for end, name in soon)
    first, name = ends[0]
    detail = f"the first to end is {name}, {first:%Y-%m-%d} ({_left(first, facts.now)})"
    return Check("certificates", detail, faults, len(ends) - len(soon), len(ends))


def _ends(stack: Stack, facts: Facts) -> Iterator[tuple[datetime, str]]:
    for host, recorded in stack.certificates.items():
        served = facts.control_planes[host].certificate_ends if host in facts.control_planes else None
        if served is None:
            yield from ((end, f"{host}/{name}" if host else name) for name, end in recorded.items())
            continue
        yield served, f"{host}/{SERVED}"
        # kubeadm renews all certificates of a host together: what the stack recorded before that is past.
        if SERVED not in recorded or served <= recorded[SERVED]:
            yield from ((end, f"{host}/{name}") for name, end in recorded.items() if name != SERVED)
    for host, probe in facts.control_planes.items():
        if host not in stack.certificates and probe.certificate_ends is not None:
            yield probe.certificate_ends, f"{host}/{SERVED}"


def _left(end: datetime, now: datetime) -> str:
    return f"in {counted((end - now).days, 'day')}" if end > now else "past"


def _when(end: datetime, now: datetime) -> str:
    return f"ends {_left(end, now)} ({end:%Y-%m-%d})" if end > now else f"ended on {end:%Y-%m-%d}"

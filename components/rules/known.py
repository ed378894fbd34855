"""Fields and feature gates of a component's configuration file, compared with what its release knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from components import releases
from components.faults import Fault
from components.files import parsed
from components.spelling import nearest

FIELDS = Path(__file__).with_name("fields")
_DURATION = re.compile(r"-?(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+|0")
_QUANTITY = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+|[kMGTPE]i?|Ki|[mun])?")
#: What components take for the oldest TLS that they speak.
TLS_VERSIONS = ("VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13")
#: The suites of HTTP/2: a server that speaks TLS 1.2 and has neither does not start.
_FOR_HTTP2 = ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
#: What is written for each type.
_SAMPLES = {
    "bool": "true or false",
    "int": "a whole number, such as 10",
    "number": "a number, such as 0.8",
    "string": "text",
    "duration": "a duration, such as 30s or 5m",
    "quantity": "a quantity, such as 500Mi or 2",
}


@cache
def release(version: str) -> Mapping[str, Any]:
    """Return what the components of a Kubernetes version know; nothing for a minor that is not supported."""
    file = FIELDS / f"{releases.minor(version)}.yaml"
    known: Mapping[str, Any] = parsed(file) if file.exists() else {}
    return known


def unknown(path: str, given: Mapping[str, Any], component: str, version: str) -> Iterator[Fault]:
    """Yield fields that a component does not know, values of another type than it takes, and gates that it lacks."""
    known = release(version) if given else {}
    if not known:
        return
    yield from _compared(path, given, known[component], f"Kubernetes {releases.minor(version)}")
    gates = given.get("featureGates")
    if isinstance(gates, Mapping):
        yield from _gates(f"{path}.featureGates", gates, known, releases.minor(version))


def _compared(path: str, value: Any, kind: Any, release_name: str) -> Iterator[Fault]:
    if kind == "any":
        return
    if isinstance(kind, Mapping):
        if not isinstance(value, Mapping):
            yield Fault(path, f"is {_shown(value)}, not a mapping", "Write keys under it, indented.")
            return
        for key, inner in value.items():
            below = kind.get("any", kind.get(key))
            if below is None:
                near = nearest(str(key), kind)
                remedy = f"Did you mean '{near}'?" if near else "Remove it, or see Kubernetes' reference for its name."
                yield Fault(f"{path}.{key}", f"is not a field that {release_name} knows", remedy)
            elif inner is not None:
                yield from _compared(f"{path}.{key}", inner, below, release_name)
    elif isinstance(kind, list):
        if not isinstance(value, list):
            listed = f"[{value}]" if isinstance(value, str) and re.fullmatch(r"[\w./:-]+", value) else "[a, b]"
            yield Fault(path, f"is {_shown(value)}, not a list", f"Write it as {listed}.")
            return
        for index, inner in enumerate(value):
            yield from _compared(f"{path}.{index}", inner, kind[0], release_name)
    elif not _fits(value, kind):
        yield Fault(path, f"is {_shown(value)}, not {_SAMPLES[kind].partition(',')[0]}", _way_out(value, kind))


def _way_out(value: Any, kind: str) -> str:
    if kind in ("bool", "int", "number") and isinstance(value, str) and _fits(_unquoted(value), kind):
        return "Remove the quotes."
    if isinstance(value, Mapping | list):
        return f"Write {_SAMPLES[kind]}, without keys and brackets."
    return "Put it in quotes." if kind == "string" else f"Write {_SAMPLES[kind]}."


def _unquoted(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _fits(value: Any, kind: str) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "bool":
            return isinstance(value, bool)
        case "int":
            return number and value == int(value)
        case "number":
            return number
        case "duration":
            return isinstance(value, str) and bool(_DURATION.fullmatch(value))
        case "quantity":
            return number or (isinstance(value, str) and bool(_QUANTITY.fullmatch(value)))
    return isinstance(value, str)


def _gates(path: str, gates: Mapping[str, Any], known: Mapping[str, Any], minor: str) -> Iterator[Fault]:
    """A component that is given a gate it does not know, or one locked to the other value, does not start."""
    for gate, value in gates.items():
        if gate in known["locked"]:
            locked = known["locked"][gate]
            if isinstance(value, bool) and value != locked:
                always, never = str(locked).lower(), str(value).lower()
                problem = f"is always {always} in Kubernetes {minor}, and nothing starts with {never}"
                yield Fault(f"{path}.{gate}", problem, "Remove it.")
        elif gate not in known["gates"]:
            near = nearest(str(gate), [*known["gates"], *known["locked"]], cutoff=0.85)
            yield Fault(
                f"{path}.{gate}",
                f"is not a feature gate of Kubernetes {minor}, and nothing starts with it",
                f"Did you mean '{near}'?" if near else "Remove it: it may have been removed after it became the rule.",
            )


def gates(path: str, given: Mapping[str, Any], version: str) -> Iterator[Fault]:
    """Yield gates that a release's components do not start with."""
    known = release(version) if given else {}  # its file takes longer to read than all other rules take
    if known:
        yield from _gates(path, given, known, releases.minor(version))


def seconds(value: Any) -> float | None:
    """Return a duration of Go's in seconds, None for anything else."""
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        return None
    return sum(
        float(count) * _SECONDS[unit] for count, _, unit in re.findall(r"(\d+(\.\d+)?)(h|ms|m|s|us|µs|ns)", value)
    )


def ciphers(words: Sequence[Any], oldest: Any = None) -> tuple[str, str] | None:
    """Return what is wrong with a list of TLS suites, and the way out; None where a server starts with it."""
    for word in words:
        # OpenSSL's names have dashes, and begin with the exchange of keys.
        if isinstance(word, str) and not re.fullmatch(r"TLS_[A-Z0-9_]+", word):
            return f"has '{word}', which is no suite's name here", f"Write names of Go's, such as {_FOR_HTTP2[0]}."
    if words and oldest != TLS_VERSIONS[-1] and not set(map(str, words)) & {*_FOR_HTTP2}:
        return f"lacks {' and '.join(_FOR_HTTP2)}: HTTP/2 does not start without one", "Add both."
    return None


def is_quantity(value: Any) -> bool:
    """Whether a value is an amount as Kubernetes writes them."""
    return _fits(value, "quantity")


def number(value: Any) -> int | None:
    """Return a whole number, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a mapping, an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def below(settings: Any, *path: str) -> Any:
    """Return the value at a path of nested mappings, None where there is none."""
    for key in path:
        settings = settings.get(key) if isinstance(settings, Mapping) else None
    return settings


def one_of(path: str, value: Any, choices: tuple[str, ...]) -> Iterator[Fault]:
    """Yield a word that is none of the choices."""
    if isinstance(value, str) and value not in choices:
        near = nearest(value, choices)
        hint = f"Did you mean '{near}'? " if near else ""
        yield Fault(
            path, f"is '{value}', which there is not", f"{hint}The choices are {', '.join(filter(None, choices))}."
        )


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return str(value).lower() if isinstance(value, bool) else "empty" if value is None else repr(value)[:60]

"""The cluster files of tests/cases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from components import policies, rules
from components.config import Cluster
from components.machines import providers, static
from components.stack_keys import EngineLoader
from tests.unit import monitor

CASES = Path(__file__).resolve().parents[1] / "cases"
INVALID = sorted((CASES / "invalid").glob("*.yaml"))
VALID = sorted((CASES / "valid").glob("*.yaml"))
WARNED = sorted((CASES / "warned").glob("*.yaml"))
EXPECT = "# expect: "
#: Where a case has a key with nothing behind it: its own null takes a key away.
EMPTY = "(empty)"


def read(text: str) -> Any:
    """Return a YAML document as the engine hands it to the program."""
    return yaml.load(text, EngineLoader)  # noqa: S506  # a SafeLoader


def laid_over(base: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with a case laid over it; null takes a key away."""
    result = dict(base)
    for key, value in case.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            below = result.get(key)
            result[key] = laid_over(below if isinstance(below, Mapping) else {}, value)
        else:
            result[key] = None if value == EMPTY else value
    return result


BASE = read((CASES / "base.yaml").read_text())


def cluster_of(case: Path) -> dict[str, Any]:
    """Return the cluster file that a case describes."""
    return laid_over(BASE, read(case.read_text()))


def loaded(cluster: Any) -> Cluster:
    """Read a cluster file and its key files, and ask the account, as __main__.py does."""
    read = rules.load(cluster, *providers.RULES, policies.refusals())
    if read.provider == "static":
        static.static_hosts(read)
    else:
        monitor.run(lambda: providers.provider_for(read))
    return read

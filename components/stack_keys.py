"""The keys of a stack: its cluster, as it is or in a file, and the stack that it shares the cluster with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from components.config import Cluster
from components.faults import ConfigurationError, Fault
from components.files import LOADER, read, unreadable
from components.spelling import nearest

PROJECT = "kubeadm-ha"
CLUSTER, FILE, INFRASTRUCTURE, BOOTSTRAP = "cluster", "clusterFile", "infrastructure", "bootstrap"
#: What each of the others means, in editors.
MEANINGS = {
    FILE: "Path of a file with the cluster, relative to the project, in place of the key cluster.",
    INFRASTRUCTURE: "The stack that makes the machines, organization/project/stack: docs/topologies/aws-two-stacks.md.",
    BOOTSTRAP: "In a stack that makes machines alone, the one that builds the cluster on them, written the same way.",
}
KEYS = (CLUSTER, *MEANINGS)
STACK = r"[\w.-]+/[\w.-]+/[\w.-]+"


@dataclass(frozen=True)
class StackKeys:
    """What a stack is told."""

    cluster: str | None
    """The cluster as JSON, None where there is none."""
    infrastructure: str = ""
    """The stack that makes the machines; empty where that is this one."""
    bootstrap: str = ""
    """The stack that builds the cluster on the machines which this one makes; empty where that is this one."""
    faults: tuple[Fault, ...] = ()
    """What is wrong with the keys themselves."""

    def rule(self, cluster: Cluster) -> Iterator[Fault]:
        """Yield what is wrong with the keys, and machines of a stack of their own that are there already."""
        yield from self.faults
        for key, stack in ((INFRASTRUCTURE, self.infrastructure), (BOOTSTRAP, self.bootstrap)):
            if stack and cluster.knows("provider") and cluster.provider == "static":
                yield Fault(
                    named(key),
                    "is for machines that are made, and provider is static: the hosts are there already",
                    "Remove it.",
                )


def named(key: str) -> str:
    """Return a key as a stack's file has it."""
    return f"{PROJECT}:{key}"


def stack_keys(settings: Mapping[str, Any]) -> StackKeys:
    """Return what a stack is told by its configuration: values by key, without the project's name before it."""
    faults = [_unknown(key) for key in settings if key not in KEYS]
    given = {key: settings[key] for key in KEYS if settings.get(key) not in (None, "")}
    cluster = given.get(CLUSTER)
    if FILE in given:
        if cluster is not None:
            faults.append(Fault(named(FILE), f"stands beside {named(CLUSTER)}", "Keep one of the two."))
        else:
            try:
                cluster = read_cluster(str(given[FILE]))
            except ConfigurationError as error:
                faults += error.faults
    if INFRASTRUCTURE in given and BOOTSTRAP in given:
        problem = f"stands beside {named(INFRASTRUCTURE)}, and a stack makes machines or builds on those of another"
        faults.append(Fault(named(BOOTSTRAP), problem, "Keep one of the two."))
    for key in (INFRASTRUCTURE, BOOTSTRAP):
        if key in given and not re.fullmatch(STACK, str(given[key])):
            remedy = "Write organization/project/stack, as in 'organization/kubeadm-ha/prod'."
            faults.append(Fault(named(key), f"{str(given[key])!r} is not the whole name of a stack", remedy))
    others = {key: str(given.get(key, "")) for key in (INFRASTRUCTURE, BOOTSTRAP)}
    return StackKeys(cluster, others[INFRASTRUCTURE], others[BOOTSTRAP], tuple(faults))


def read_cluster(path: str) -> str:
    """Return the cluster of a file as JSON. Raises ConfigurationError where there is none."""
    try:
        document = yaml.load(read(path), EngineLoader)  # noqa: S506  # a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise _none(unreadable(path, error), "Name a file, relative to the project.") from None
    except yaml.YAMLError as error:
        raise _none(f"{path}: {' '.join(str(error).split())[:160]}", "Write it as YAML.") from None
    if isinstance(document, Mapping) and "config" in document:  # written as a stack's file is
        settings = document["config"]
        document = settings.get(named(CLUSTER)) if isinstance(settings, Mapping) else None
    if document is None:
        raise _none(f"{path} has no cluster", f"Write its keys there, as under {named(CLUSTER)}.")
    return json.dumps(document, default=str)


def _none(problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError([Fault(named(FILE), problem, remedy)])


def _unknown(key: str) -> Fault:
    near = nearest(key, KEYS)
    remedy = f"Did you mean '{named(near)}'?" if near else f"Known are {', '.join(map(named, KEYS))}."
    return Fault(named(key), "is not a key of this project", remedy)


class EngineLoader(LOADER):  # type: ignore[misc]
    """Reads YAML as the engine does: yes, no, on and off are text, and no key is given twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping's values. Raises ConstructorError for a key that is given twice."""
        seen = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is given twice", key.start_mark)
            seen.add(str(key.value))
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


#: The engine takes 64:43 for text, and not for a number of minutes.
_BY_SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*:[0-5]?[0-9]")


def _resolver(tag: str, pattern: re.Pattern[str]) -> tuple[str, re.Pattern[str]]:
    numbers = tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    return tag, re.compile(rf"(?!{_BY_SIXTIES.pattern})(?:{pattern.pattern})", re.VERBOSE) if numbers else pattern


EngineLoader.yaml_implicit_resolvers = {
    letter: [_resolver(*each) for each in found if each[0] != "tag:yaml.org,2002:bool" or letter in "tTfF"]
    for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

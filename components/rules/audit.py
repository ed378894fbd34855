"""The audit policy: an API server does not start with one that it cannot read, or that is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from components import audit
from components.config import Cluster
from components.faults import Fault
from components.files import unreadable
from components.spelling import nearest

PATH = "audit.policyFile"
#: What a control plane's disk may be asked for without a word, in GB.
LARGEST = 20
LEVELS = ("None", "Metadata", "Request", "RequestResponse")
STAGES = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")
_POLICY = {"apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields"}
_RULE = {"level", "users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs", "omitStages"} | {
    "omitManagedFields"
}


def policy(cluster: Cluster) -> Iterator[Fault]:
    """Yield what an API server does not take of a policy."""
    options = cluster.audit
    if options is None or not options.knows("policy_file") or options.policy_file is None:
        return
    remedy = "Name a file with an audit policy, or remove the key: then ours is taken."
    try:
        document = yaml.safe_load(audit.policy(options))
    except (OSError, UnicodeDecodeError) as error:
        yield Fault(PATH, unreadable(options.policy_file, error), remedy)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        yield Fault(PATH, f"{options.policy_file} is not YAML{line}", "Correct it.")
    else:
        yield from _faults(options.policy_file, document)


def _faults(file: str, document: Any) -> Iterator[Fault]:
    kind = (document.get("apiVersion"), document.get("kind")) if isinstance(document, Mapping) else None
    if kind != ("audit.k8s.io/v1", "Policy"):
        yield Fault(PATH, f"{file} is not an audit policy", "It begins with apiVersion: audit.k8s.io/v1, kind: Policy.")
        return
    yield from _unknown(file, "", document, _POLICY)
    yield from _stages(file, "", document)
    rules = document.get("rules")
    if not isinstance(rules, list) or not rules:
        yield Fault(PATH, f"{file} has no rules, and nothing would be written", "Write at least {level: Metadata}.")
        return
    for number, rule in enumerate(rules, start=1):
        at = f" of rule {number}"
        if not isinstance(rule, Mapping):
            yield Fault(PATH, f"{file}: rule {number} is not a mapping", "Write it as {level: Metadata, …}.")
            continue
        yield from _unknown(file, at, rule, _RULE)
        yield from _stages(file, at, rule)
        if rule.get("level") not in LEVELS:
            near = nearest(str(rule.get("level")), LEVELS)
            hint = f"Did you mean '{near}'? " if near else ""
            yield Fault(
                PATH,
                f"{file}: level{at} is {rule.get('level')!r}",
                f"{hint}The levels that write are {', '.join(LEVELS[1:])}.",
            )
        if rule.get("resources") and rule.get("nonResourceURLs"):
            yield Fault(
                PATH,
                f"{file}: rule {number} has resources and nonResourceURLs",
                "Write two rules of it.",
            )


def _unknown(file: str, at: str, given: Mapping[str, Any], known: set[str]) -> Iterator[Fault]:
    for key in sorted(map(str, given.keys() - known)):
        near = nearest(key, known)
        yield Fault(
            PATH,
            f"{file}: '{key}'{at} is not a field of an audit policy",
            f"Did you mean '{near}'?" if near else f"Known: {', '.join(sorted(known))}.",
        )


def _stages(file: str, at: str, given: Mapping[str, Any]) -> Iterator[Fault]:
    stages = given.get("omitStages") or []
    if not isinstance(stages, list):
        yield Fault(PATH, f"{file}: omitStages{at} is not a list", f"Write it as [{STAGES[0]}].")
        return
    for stage in stages:
        if stage not in STAGES:
            near = nearest(str(stage), STAGES)
            hint = f"Did you mean '{near}'? " if near else ""
            yield Fault(PATH, f"{file}: omitStages{at} has {stage!r}", f"{hint}The stages are {', '.join(STAGES)}.")


def content(cluster: Cluster) -> Iterator[Fault]:
    """Yield a policy that writes secrets into the log."""
    if cluster.audit is None or cluster.audit.policy_file is None:
        return
    for number, rule in enumerate(yaml.safe_load(audit.policy(cluster.audit))["rules"], start=1):
        named = [name for group in rule.get("resources") or () for name in group.get("resources") or ("*",)]
        if rule["level"] in ("None", "Metadata"):
            if {"secrets", "*"} & set(named) or not (named or rule.get("nonResourceURLs")):
                return  # the first rule that fits is the one that counts
        elif {"secrets", "*"} & set(named) or not (named or rule.get("nonResourceURLs")):
            yield Fault(
                PATH,
                f"rule {number} writes what is in secrets into the log",
                "Put a rule before it: {level: Metadata, resources: [{group: '', resources: [secrets]}]}.",
            )
            return


def size(cluster: Cluster) -> Iterator[Fault]:
    """Yield logs that fill the disk that etcd is on."""
    options = cluster.audit
    gigabytes = (options.max_backups + 1) * options.max_size_megabytes / 1000 if options else 0
    if gigabytes > LARGEST:
        yield Fault(
            "audit",
            f"may write {gigabytes:g} GB on each control plane: a disk that is full stops etcd",
            "Choose fewer maxBackups or a smaller maxSizeMegabytes, or see that the disk has room.",
        )


#: A record of less than this, in megabytes, is over within the hour.
SMALLEST = 20


def short(cluster: Cluster) -> Iterator[Fault]:
    """Yield a record that is written over before anybody reads it."""
    options = cluster.audit
    whole = (options.max_backups + 1) * options.max_size_megabytes if options else SMALLEST
    if whole < SMALLEST:
        yield Fault(
            "audit",
            f"keeps {whole} MB on each control plane: what is asked within the hour, whatever maxAgeDays says",
            "Choose more maxBackups or a larger maxSizeMegabytes; 10 and 100 are the defaults.",
        )


RULES = (policy,)
CAUTIONS = (content, size, short)

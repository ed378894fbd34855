"""What a stack does of a cluster: all of it, or its machines alone, or what is built on machines of another stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from components.config import Cluster
from components.deployed import Outputs, ask, itself
from components.faults import ConfigurationError, Fault, lines
from components.machines.joined import VERSION, Handed, machine_ids
from components.placement import with_ids_of
from components.plan import Plan, as_text, plan_for
from components.plan.foundation import behind, not_let_go, with_kept
from components.plan.infrastructure import infrastructure_plan
from components.stack_keys import BOOTSTRAP, INFRASTRUCTURE, StackKeys, named, stack_keys


@dataclass(frozen=True)
class Layer:
    """A stack's part in a cluster, and what is known of the other one's."""

    keys: StackKeys
    """What the stack is told."""
    outputs: Mapping[str, Any]
    """Its outputs of the last `up` that came to its end; empty before the first."""
    other: Mapping[str, Any] | None = None
    """Those of the stack that it shares the cluster with; None where there is no such stack."""
    stack: str = ""
    """Its whole name; empty where it is not known."""

    @property
    def handed(self) -> Handed | None:
        """What the other stack tells of machines that it has made; None where this one makes them."""
        told = (self.other or {}).get("infrastructure")
        if not self.keys.infrastructure or not told:
            return None
        key = (self.other or {}).get("loginKey")
        # What cannot be decrypted here comes as an empty mapping.
        return Handed(self.keys.infrastructure, told, key if isinstance(key, str) else None)

    def faults(self, cluster: Cluster) -> Iterator[Fault]:
        """Yield what this stack cannot do of a cluster: a rule for `rules.load`."""
        yield from self.keys.rule(cluster)
        yield from self._turned()
        key = INFRASTRUCTURE if self.keys.infrastructure else BOOTSTRAP
        name = self.keys.infrastructure or self.keys.bootstrap
        if not name or self.keys.faults:
            return
        if name == self.stack:
            yield Fault(named(key), f"{name} is this stack itself", "Name the other one.")
        elif self.other is None:
            yield Fault(
                named(key), f"there is no stack {name}", f"Correct the name, or make it: `pulumi stack init {name}`."
            )
        else:
            yield from self._of_builder(self.other) if key == BOOTSTRAP else self._of_maker(self.other, cluster)

    def _turned(self) -> Iterator[Fault]:
        """Yield another part than the stack has had so far: it would end what it has made."""
        made, deployed = self.outputs.get("infrastructure"), self.outputs.get("deployed")
        if made and self.keys.bootstrap != made["bootstrap"]:
            problem = (
                f"is {self.keys.bootstrap or 'not given'}, and the machines of this stack are {made['bootstrap']}'s"
            )
            yield Fault(named(BOOTSTRAP), problem, f"Write `{named(BOOTSTRAP)}: {made['bootstrap']}`.")
        if not deployed:
            return
        stands = deployed.get("infrastructure", "")
        if self.keys.bootstrap:
            yield Fault(
                named(BOOTSTRAP),
                "is given, and this stack has built a cluster, which would end",
                "Remove it, and make machines in another stack.",
            )
        elif stands and stands != self.keys.infrastructure:
            problem = f"is {self.keys.infrastructure or 'not given'}, and the cluster stands on machines of {stands}"
            yield Fault(named(INFRASTRUCTURE), problem, f"Write `{named(INFRASTRUCTURE)}: {stands}`.")
        elif self.keys.infrastructure and not stands:
            yield Fault(
                named(INFRASTRUCTURE),
                "is given, and the cluster's machines are this stack's own, which would end",
                "Remove it; for two stacks, build a second cluster beside this one and move the workloads.",
            )

    def _of_maker(self, other: Mapping[str, Any], cluster: Cluster) -> Iterator[Fault]:
        """Yield why nothing can be built on what the other stack tells."""
        name, told = self.keys.infrastructure, other.get("infrastructure")
        if not told:
            yield Fault(named(INFRASTRUCTURE), f"{name} has made no machines yet", f"Run `pulumi up` in {name} first.")
        elif told["version"] > VERSION:
            versions = f"it tells of them in version {told['version']:.0f}, and {VERSION} is known here"
            yield Fault(
                named(INFRASTRUCTURE), f"{name} was brought up by a newer program: {versions}", "Update this copy."
            )
        elif self.stack and told["bootstrap"] != self.stack:
            yield Fault(
                named(INFRASTRUCTURE),
                f"the machines of {name} are for {told['bootstrap']}, and this is {self.stack}",
                f"Write `{named(BOOTSTRAP)}: {self.stack}` there and run `pulumi up`, or name other machines.",
            )
        elif not isinstance(other.get("loginKey"), str) and cluster.knows("ssh") and not cluster.ssh.private_key_file:
            yield Fault(
                named(INFRASTRUCTURE),
                f"the key to log in with, an output of {name}, cannot be decrypted here",
                "Let the passphrase or key of both stacks be one that is known here, or name ssh.privateKeyFile.",
            )

    def _of_builder(self, other: Mapping[str, Any]) -> Iterator[Fault]:
        """Yield why no machines can be made for the other stack."""
        name, deployed = self.keys.bootstrap, other.get("deployed")
        if other.get("infrastructure"):
            yield Fault(named(BOOTSTRAP), f"{name} makes machines itself", "Name the stack that builds the cluster.")
        elif deployed and self.stack and deployed.get("infrastructure") != self.stack:
            stands = deployed.get("infrastructure") or "its own"
            yield Fault(
                named(BOOTSTRAP),
                f"{name} has built a cluster on other machines ({stands})",
                "Name a stack that has built none yet.",
            )

    def whole(self, cluster: Cluster) -> Cluster:
        """Return a cluster file with the machines that this stack still keeps for the other one."""
        told = self.outputs.get("infrastructure")
        if not told:
            return cluster
        names = not_let_go(told["made"], machine_ids(told), cluster, (self.other or {}).get("deployed"))
        return with_kept(cluster, told["made"], names) if names else cluster

    def plan(self, cluster: Cluster, found: Cluster | None = None) -> Plan:
        """Return the plan of this stack; `found` is the provider's file, with what it has found of what is there.

        Where nobody was asked, that is what it was. Raises ConfigurationError with every reason why there is none.
        """
        deployed = self.outputs.get("deployed")
        if found is None:
            told = self.handed.told["made"] if self.handed else self._made() or deployed
            found = with_ids_of(self.whole(cluster), told or {})
        wanted = cluster.model_copy(update={"aws": found.aws})
        if self.keys.bootstrap:
            theirs = (self.other or {}).get("deployed")
            return infrastructure_plan(self._made(), wanted, found, self.keys.bootstrap, theirs)
        if self.handed and (faults := list(behind(self.handed.told["made"], wanted, self.handed.stack))):
            raise ConfigurationError(faults)
        ends = self.outputs.get("certificates")
        return plan_for(deployed, wanted, ends, infrastructure=self.keys.infrastructure or None)

    def deployed(self, plan: Plan) -> Mapping[str, Any]:
        """Return what the next plan is compared with, and from which the other stack sees what it may end."""
        return {**plan.transition.wanted, **({"machines": machine_ids(self.handed.told)} if self.handed else {})}

    def _made(self) -> Mapping[str, Any] | None:
        return (self.outputs.get("infrastructure") or {}).get("made")


def read(last: Outputs) -> Layer:
    """Return this stack's part, before the first resource is registered; `last` waits for its outputs.

    Raises ConfigurationError where it is not even told of a cluster.
    """
    prefix = f"{pulumi.get_project()}:"
    given = {**get_config_env(), **CONFIG.get()}
    keys = stack_keys({key.removeprefix(prefix): value for key, value in given.items() if key.startswith(prefix)})
    if keys.cluster is None and keys.faults:
        raise ConfigurationError(keys.faults)
    name = keys.infrastructure or keys.bootstrap
    other = ask(name)() if name and not keys.faults else None
    return Layer(keys, last() or {}, other, itself())


def tell(plan: Plan, warnings: Iterable[Fault]) -> None:
    """Say what is worth a second thought, and what will happen."""
    for line in lines(warnings):
        pulumi.warn(line)
    pulumi.info(as_text(plan))

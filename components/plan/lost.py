"""What may not go together with a machine that is lost."""

from __future__ import annotations

from collections.abc import Iterator

from components.faults import Fault
from components.plan import members
from components.plan.membership import PLACES
from components.plan.rolling import rolls
from components.plan.settings import restarting
from components.plan.transition import Role, Transition
from components.plan.words import names, verb


def while_one_is_lost(transition: Transition) -> Iterator[Fault]:
    """With a machine lost nothing of its kind may restart: of three etcd members a second one would be missing.

    Steps on hosts refuse it too, but when others are done already. An upgrade is refused as one.
    """
    restarts = bool(restarting(transition) or rolls(transition)) and not transition.change("kubernetes.version")
    tuned = bool(members.tuned(transition)) and not transition.change("etcd.version")
    for role, happens, what in (
        (Role.CONTROL_PLANE, restarts, "the other control planes would restart what they run"),
        (Role.ETCD, tuned, "the other etcd members would restart"),
    ):
        lost = transition.of(role, transition.evicted)
        if lost and happens:
            yield Fault(
                PLACES[role],
                f"{names(lost)} {verb(lost, 'is', 'are')} lost, and {what} in the same update: one more that is away"
                " could stop the cluster",
                f"Put back what they would restart for, run `pulumi up` to take out {names(lost)}, then change it.",
            )

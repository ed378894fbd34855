"""What machines that are made stand on, when it changes under them: networks, ways out, who is let in."""

from __future__ import annotations

from collections.abc import Iterator

from components.plan.made import makes
from components.plan.transition import Transition

#: Settings that what is there follows; others are for machines to come, or are refused.
_FOLLOWED = ("aws.network.", "aws.bastion", "aws.tags", "endpoint.allowedRanges", "endpoint.zoneId")


def changed(transition: Transition) -> Iterator[str]:
    """Yield the settings that change it, as a sentence."""
    paths = sorted(change.path for change in transition.changes if change.path.startswith(_FOLLOWED))
    if paths and not transition.first and makes(transition.wanted):
        yield f"What machines stand on is changed: {', '.join(paths)}."


def cut_off(transition: Transition) -> Iterator[str]:
    """Yield a sentence for each way that is closed."""
    if not makes(transition.wanted):
        return
    ranges = transition.change("endpoint.allowedRanges")
    gone = [each for each in ranges.before if each not in ranges.after] if ranges else []
    if gone:
        yield f"Clients in {', '.join(gone)} do not reach the API from then on, unless another range has them."
    if transition.change("aws.network.nat"):
        yield "Connections of machines to the internet are cut when their NAT gateway is another one."

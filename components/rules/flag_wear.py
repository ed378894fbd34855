"""What flags of the control plane's components may be set to, and wear a cluster out or tear it apart later."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.config import Cluster
from components.faults import Fault
from components.rules.known import seconds
from components.rules.servers import Given, judged

_DAY = 24 * 3600
#: From this level on requests and answers are written out.
TALKATIVE = 6
#: How long a silent node is waited for unless told otherwise, in seconds.
_GRACE = 50


def slow_ends(cluster: Cluster) -> Iterator[Fault]:
    """Yield what works today, and fills disks or etcd, or loads it for nothing."""
    yield from judged(cluster, lambda each: None if each.owned else _wearing(each) or _of_lost_nodes(each))


def _wearing(each: Given) -> tuple[str, str] | None:
    name, value = each.argument.name, each.argument.value
    lasting = seconds(value)
    match name:
        case "event-ttl" if lasting == 0:
            return "is 0: events are never deleted, and fill etcd up to its quota", "Remove it: 1h is the default."
        case "event-ttl" if lasting and lasting > 7 * _DAY:
            return (
                f"is {value}: so many events fill etcd up to its quota, and then it takes no writes",
                "Choose 24h or less, and keep older ones outside of the cluster.",
            )
        case "terminated-pod-gc-threshold" if re.fullmatch(r"0|-\d+", value):
            return f"is {value}: pods that have ended are never deleted, and etcd fills up", "Remove it."
        case "request-timeout" if lasting is not None and lasting < 30:
            return f"is {value}: lists of a large cluster take longer, and are asked for again", "Choose 1m or more."
        case "watch-cache" if value == "false":
            return "is false: whatever is asked of the API is asked of etcd", "Remove it."
        case "service-account-issuer" if value.startswith("http://"):
            return f"is {value}, and the API server tells of an issuer over https alone", "Write https://."
        case "kubelet-preferred-address-types" if "InternalIP" not in value:
            return "leaves InternalIP out: logs and exec fail unless DNS knows the nodes", "Put InternalIP first."
        case "v" if value.isdigit() and int(value) >= TALKATIVE:
            return (
                f"is {value}: each request is written out, and logs fill the disk that etcd is on",
                "Choose 4 or less, and more only while you look for something.",
            )
    return None


def _of_lost_nodes(each: Given) -> tuple[str, str] | None:
    """Return what lets pods of a lost node wait for long, or takes those of a living one."""
    name, value = each.argument.name, each.argument.value
    lasting = seconds(value)
    match name:
        case "node-monitor-grace-period" if lasting and lasting > 300:
            return f"is {value}: so long nobody sees that a node is lost", "Choose 50s, which is the default."
        case "node-monitor-period" if lasting and lasting >= _GRACE:
            return (
                f"is {value}: nodes are looked at too rarely to see one that is lost",
                "Remove it: 5s is the default.",
            )
        case "node-eviction-rate" if re.fullmatch(r"0*\.?0*", value):
            return "is 0: pods of a lost node stay there, and nobody starts others", "Remove it: 0.1 is the default."
        case "default-not-ready-toleration-seconds" | "default-unreachable-toleration-seconds" if value.isdigit():
            if int(value) < 10:
                return f"is {value}: pods move at the first hiccup of a node", "Choose 30 or more; 300 is the default."
            if int(value) > 3600:
                return f"is {value}: so long pods of a lost node are not replaced", "Choose 300, which is the default."
    return None


CAUTIONS = (slow_ends,)
RULES = ()

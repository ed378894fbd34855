"""Fake commands for tests of scripts: a cluster as kubectl and etcdctl show it."""

from __future__ import annotations

IDS = {name: f"aaaa00000000000{number}" for number, name in enumerate(["node-1", "cp-1", "cp-2", "cp-3", "cp-4"])}


def address(name: str) -> str:
    """Return the address of a control plane; node-1 is the host that steps run on."""
    return "192.0.2.1" if name == "node-1" else f"192.0.2.1{name.removeprefix('cp-')}"


def member(name: str, *, learner: bool = False) -> str:
    """Return a line of `etcdctl member list`."""
    peer, client = f"https://{address(name)}:2380", f"https://{address(name)}:2379"
    return f"{IDS[name]}, started, {name}, {peer}, {client}, {str(learner).lower()}"


def kubectl(
    members: list[str],
    healthy: list[str],
    ready: list[str] | None = None,
    first: str = "",
    learner: str = "",
) -> str:
    """Return a fake kubectl: etcd pods on the ready members, each of which answers for all.

    `first` is further lines of its `case`. Members that were removed are in the file /run/removed by id.
    """
    pods = [f"etcd-{name} {'1/1' if name in (healthy if ready is None else ready) else '0/1'} x" for name in members]
    lines = [member(name, learner=name == learner) for name in members]
    report = [f"https://{address(n)}:2379 is healthy: successfully committed proposal: took = 9ms" for n in healthy]
    sick = [f"https://{address(n)}:2379 is unhealthy: failed to commit proposal" for n in members if n not in healthy]
    # etcdctl tells of the sick ones on standard error and ends with 1 when there is one.
    return f"""
        touch /run/removed
        case "$*" in
          {first}
          *'get pods -l component=etcd'*) printf '%s\\n' {_quoted(pods)} ;;
          *'member list'*) printf '%s\\n' {_quoted(lines)} | grep -vFf /run/removed || : ;;
          *'member remove '*) for last; do :; done; echo "$last" >>/run/removed ;;
          *'endpoint health'*)
            printf '%s\\n' {_quoted(report)}
            {"".join(f"echo '{line}' >&2; " for line in sick)}
            exit {int(bool(sick))} ;;
          *) exit 2 ;;
        esac"""


def _quoted(lines: list[str]) -> str:
    return " ".join(f"'{line}'" for line in lines) or "''"

"""Judging a cluster from what was seen of it: pure, so that every case can be tried without a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from verify import certificates, etcd, snapshots
from verify.facts import Facts, Lease, Objects, Probe, Stack
from verify.judgement import Check, Judgement, counted, listed

LEADERS = ("kube-controller-manager", "kube-scheduler")


def judge(stack: Stack, facts: Facts, certificate_days: int) -> Judgement:
    """Return the judgement; a certificate that ends within `certificate_days` is a fault."""
    endpoint = _endpoint(stack, facts)
    # An endpoint may have no hosts of its own: then there are none to ask, and none to lose.
    balancers = [_servers("balancers", "balancer", facts.balancers)] if stack.balancers else []
    balancer_losses = balancers[0].losses if balancers else None
    api_servers = _servers("API servers", "API server", facts.control_planes)
    members = etcd.check(stack, facts.members)
    backups = [snapshots.check(stack, facts)] if stack.snapshot_hours else []
    ends = certificates.check(stack, facts, certificate_days)
    if isinstance(facts.objects, str):
        unknown = Check("nodes", facts.objects, (f"what the API has is not known: {facts.objects}",), fatal=True)
        return Judgement(
            (endpoint, *balancers, api_servers, members, *backups, unknown, ends), None, balancer_losses, None
        )
    leaders = [_leader(name, facts.objects, facts) for name in LEADERS]
    dns = _dns(facts.objects)
    checks: tuple[Check, ...] = (
        endpoint,
        *balancers,
        api_servers,
        members,
        *backups,
        *leaders,
        _nodes("control planes", list(stack.control_planes), stack, facts.objects),
        *(
            _nodes(f"workers {pool}", list(hosts), stack, facts.objects) if hosts else _elastic(pool, facts.objects)
            for pool, hosts in stack.workers.items()
        ),
        dns,
        _workloads(facts.objects),
        ends,
    )
    # A host that is lost takes one of each with it: the scarcest decides.
    losses = [check.losses for check in (api_servers, members, *leaders) if check.losses is not None]
    known = members.losses is not None or stack.etcd_kind == "external"
    return Judgement(checks, min(losses) if known else None, balancer_losses, dns.losses)


def _endpoint(stack: Stack, facts: Facts) -> Check:
    where, seen = f"{stack.host}:{stack.port}", facts.endpoint
    if seen.ready:
        return Check("endpoint", f"{where} in {_milliseconds(seen)}", ready=1, wanted=1, fatal=True)
    others = [name for name, its in facts.control_planes.items() if its.ready]
    if others and not stack.shared:
        fault = f"the kubeconfig names {where}, which is away: use --server with one of {', '.join(others)} meanwhile"
        return Check("endpoint", f"{where}: {seen.problem}", (fault,), 0, 1)
    fault = f"the endpoint {where} does not serve the API ({seen.problem})"
    return Check("endpoint", f"{where}: {seen.problem}", (fault,), 0, 1, fatal=True)


def _milliseconds(seen: Probe) -> str:
    return f"{seen.seconds * 1000:.0f} ms"


def _servers(name: str, noun: str, seen: Mapping[str, Probe]) -> Check:
    ready = [probe for probe in seen.values() if probe.ready]
    faults = [f"{noun} {host}: {its.problem}" for host, its in seen.items() if not its.ready]
    words = [f"{host} {_milliseconds(its) if its.ready else 'DOWN'}" for host, its in seen.items()]
    return _redundant(name, noun, len(ready), len(seen), listed(words, 8), faults)


def _redundant(name: str, noun: str, ready: int, wanted: int, detail: str, faults: list[str]) -> Check:
    """Return the check of a part of which one is enough."""
    losses = ready - 1
    if ready == 1:
        faults.append(f"only one {noun} is left" if wanted > 1 else f"there is only one {noun}")
    elif ready == 0 and not faults:
        faults.append(f"there is no {noun}")
    return Check(name, detail, tuple(faults), ready, wanted, losses)


def _leader(name: str, objects: Objects, facts: Facts) -> Check:
    noun = name.removeprefix("kube-").replace("-", " ")
    ready_nodes = {node.name for node in objects.nodes if node.ready}
    pods = [pod for pod in objects.pods if pod.component == name]
    # The API learns of a dead node's pods late: one whose API server does not answer is not counted.
    down = {host for host, its in facts.control_planes.items() if not its.ready}
    ready = [pod for pod in pods if pod.ready and pod.node in ready_nodes - down]
    faults = [f"{noun} on {pod.node} is not ready" for pod in pods if pod not in ready]
    lease = next((its for its in objects.leases if its.name == name), None)
    detail, fault = _lease(noun, lease, facts)
    wanted = max(len(facts.control_planes), len(pods))
    return _redundant(f"{noun}s", noun, len(ready), wanted, detail, faults + fault)


def _lease(noun: str, lease: Lease | None, facts: Facts) -> tuple[str, list[str]]:
    if lease is None or not lease.holder:
        return "nobody leads", [f"no {noun} leads"]
    age = max(timedelta(), facts.now - lease.renewed).total_seconds()
    detail = f"{lease.holder} leads, renewed {age:.0f} s ago"
    late = age > lease.duration_seconds
    return detail, [f"no {noun} leads: {lease.holder} renewed its lease {age:.0f} s ago"] if late else []


def _nodes(name: str, wanted: list[str], stack: Stack, objects: Objects) -> Check:
    nodes = {node.name: node for node in objects.nodes}
    faults = [f"{host} is no node of the cluster" for host in wanted if host not in nodes]
    mine = [nodes[host] for host in wanted if host in nodes]
    faults += [f"node {node.name} is not ready ({node.problem})" for node in mine if not node.ready]
    words = [f"{node.name} cordoned" for node in mine if node.cordoned]
    words += [f"{node.name} {node.version}" for node in mine if node.version != f"v{stack.version}"]
    if name == "control planes":
        words += [f"{name} is not in the stack" for name in _strangers(stack, objects)]
    ready = sum(node.ready for node in mine)
    return Check(
        name, listed(words or ["nodes Ready" if not faults else listed(faults)]), tuple(faults), ready, len(wanted)
    )


def _strangers(stack: Stack, objects: Objects) -> list[str]:
    """Return nodes that nobody asked for: those of an elastic pool come and go by themselves."""
    found = {node.name for node in objects.nodes if node.elastic not in stack.workers}
    return sorted(found - set(stack.nodes()))


def _elastic(pool: str, objects: Objects) -> Check:
    """Return how a pool is that grows and shrinks by itself: how many nodes it should have is not known here."""
    mine = [node for node in objects.nodes if node.elastic == pool]
    words = [f"{node.name} is not ready ({node.problem})" for node in mine if not node.ready]
    ready = sum(node.ready for node in mine)
    return Check(f"workers {pool}", listed(words or ["as many as there are, Ready"]), (), ready, len(mine))


def _dns(objects: Objects) -> Check:
    pods = [pod for pod in objects.pods if pod.component == "kube-dns"]
    living = {node.name for node in objects.nodes if node.ready}
    ready = [pod for pod in pods if pod.ready and pod.node in living]
    on = sorted({pod.node for pod in ready})
    faults = [f"{pod.name} is not ready" for pod in pods if pod not in ready]
    if len(on) == 1:
        copies = counted(len(ready), "copy", "copies")
        faults.append(f"all CoreDNS is on {on[0]} ({copies}): with that node the cluster's DNS is lost")
    elif not on:
        faults.append("no CoreDNS is ready: the cluster has no DNS")
    return Check("DNS", f"on {listed(on) or 'no node'}", tuple(faults), len(ready), len(pods), len(on) - 1)


def _workloads(objects: Objects) -> Check:
    short = [its for its in objects.workloads if its.ready < its.wanted]
    faults = tuple(f"{its.name} has {its.ready} of {its.wanted} ready" for its in short)
    total = len(objects.workloads)
    words = [f"{its.name.split('/')[1]} {its.ready}/{its.wanted}" for its in (short or objects.workloads)]
    return Check("system workloads", listed(words), faults, total - len(short), total)

"""Looking at a cluster: every question has a deadline, and dead hosts delay nobody."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from verify import members, objects, snapshots
from verify.facts import Facts, Member, Objects, Probe, SnapshotNote, Stack
from verify.kubectl import Kubectl, KubectlError
from verify.probe import probe

API_SERVER_PORT = 6443
API_SECONDS = 7.0
#: An etcd member that is dead costs etcdctl two seconds, one after another: of seven, three may be.
ETCD_SECONDS = 9.0
ETCDCTL = (
    "etcdctl",
    "--endpoints=https://127.0.0.1:2379",
    "--dial-timeout=2s",
    "--command-timeout=2s",
    "--write-out=json",
    "--cacert=/etc/kubernetes/pki/etcd/ca.crt",
    "--cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt",
    "--key=/etc/kubernetes/pki/etcd/healthcheck-client.key",
)


def gather(stack: Stack, kubectl: Kubectl) -> Facts:
    """Return what is seen of the cluster, after about 14 seconds at the latest.

    Raises VerifyError when kubectl is missing; everything else that fails is a fact.
    """
    with ThreadPoolExecutor(max_workers=24) as pool:
        endpoint = pool.submit(probe, stack.host, stack.port, stack.host, stack.ca)
        balancers = _probes(pool, stack, stack.balancers, stack.port)
        control_planes = _probes(pool, stack, stack.control_planes, API_SERVER_PORT)
        seen = {name: future.result() for name, future in control_planes.items()}
        answered = time.monotonic()
        living = sorted((name for name, its in seen.items() if its.ready), key=lambda name: seen[name].seconds)
        if not living and endpoint.result().ready:
            # Where only the endpoint can be reached from here, any of them may be alive.
            living = list(stack.control_planes)
        way = _way(stack, kubectl, endpoint.result(), living)
        api = pool.submit(_objects, pool, way, living)
        etcd = pool.submit(_etcd, pool, stack, way, living)
        notes = pool.submit(_notes, pool, stack, way, living)
        return Facts(
            now=_clock([endpoint.result(), *seen.values()], answered),
            endpoint=endpoint.result(),
            balancers={name: future.result() for name, future in balancers.items()},
            control_planes=seen,
            objects=api.result(),
            members=etcd.result(),
            snapshots=notes.result(),
        )


def _probes(pool: ThreadPoolExecutor, stack: Stack, hosts: Mapping[str, str], port: int) -> dict[str, Future[Probe]]:
    return {
        name: pool.submit(probe, address, port, stack.server_name(address), stack.ca) for name, address in hosts.items()
    }


def _clock(probes: Sequence[Probe], answered: float) -> datetime:
    """Return the cluster's time, so that a wrong clock here ages no lease."""
    dates = [its.date for its in probes if its.date is not None]
    return dates[0] + timedelta(seconds=time.monotonic() - answered) if dates else datetime.now(UTC)


def _way(stack: Stack, kubectl: Kubectl, endpoint: Probe, living: Sequence[str]) -> Kubectl:
    """Return kubectl by the endpoint, or past it when only that is broken."""
    if endpoint.ready or not living:
        return kubectl
    address = stack.control_planes[living[0]]
    return Kubectl(kubectl.kubeconfig_file, stack.server_name(address), f"{address}:{API_SERVER_PORT}")


def _objects(pool: ThreadPoolExecutor, way: Kubectl, living: Sequence[str]) -> Objects | str:
    if not living:
        return "no API server is ready"
    kinds = "nodes,pods,deployments.apps,daemonsets.apps,leases.coordination.k8s.io"
    system = pool.submit(way.run, API_SECONDS, "--namespace=kube-system", "get", kinds, "--output=json")
    network = pool.submit(way.run, API_SECONDS, "--namespace=kube-flannel", "get", "daemonsets.apps", "--output=json")
    try:
        return objects.objects(system.result(), network.result())
    except KubectlError as error:
        return str(error)
    except (ValueError, KeyError, TypeError) as error:
        return f"the API's answer was not understood ({error!r})"


def _etcd(pool: ThreadPoolExecutor, stack: Stack, way: Kubectl, living: Sequence[str]) -> tuple[Member, ...] | str:
    if stack.etcd_kind == "stacked":
        return _members(pool, way, living)
    # Nobody here may ask somebody else's: the API servers say of themselves whether they reach it.
    return members.ask(pool, stack) if stack.etcd_kind == "hosts" else ()


def _inside(name: str) -> tuple[str, ...]:
    """Return how kubectl runs etcdctl in the etcd pod of a control plane."""
    return ("--namespace=kube-system", "exec", f"etcd-{name}", "--container=etcd", "--", *ETCDCTL)


def _members(pool: ThreadPoolExecutor, way: Kubectl, living: Sequence[str]) -> tuple[Member, ...] | str:
    """Ask in the etcd pod of one living control plane, and of a second one when the first cannot say."""
    problem, end = "no API server is ready", time.monotonic() + ETCD_SECONDS
    for name in living[:2]:
        left = end - time.monotonic()
        if left < 1:
            break
        inside = _inside(name)
        listing = pool.submit(way.run, left, *inside, "member", "list")
        try:
            # It ends with an error when one member does not answer, and tells of the others all the same.
            statuses = way.attempt(left, *inside, "endpoint", "status", "--cluster", partial=True)
            return objects.members(listing.result(), statuses)
        except KubectlError as error:
            problem = str(error)
        except (ValueError, KeyError, TypeError) as error:
            problem = f"etcdctl's answer was not understood ({error!r})"
    return problem


def _notes(
    pool: ThreadPoolExecutor, stack: Stack, way: Kubectl, living: Sequence[str]
) -> Mapping[str, SnapshotNote] | str:
    """Return what hosts noted in etcd of their snapshots, asked where members are asked too."""
    if not stack.snapshot_hours:
        return {}
    problem = "no API server is ready"
    try:
        if stack.etcd_kind == "hosts":
            answer = members.values(pool, stack, snapshots.PREFIX, snapshots.END)
            return answer if isinstance(answer, str) else snapshots.understood(answer)
        for name in living[:2]:
            inside = _inside(name)
            try:
                said = way.run(ETCD_SECONDS / 2, *inside, "get", "--prefix", snapshots.PREFIX)
            except KubectlError as error:
                problem = str(error)
                continue
            return snapshots.understood(json.loads(said))
    except (ValueError, KeyError, TypeError) as error:
        return f"etcd's answer was not understood ({error!r})"
    return problem

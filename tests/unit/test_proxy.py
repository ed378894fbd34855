"""The way out of a site: who is told of it, and who is not."""

from __future__ import annotations

import hashlib
from pathlib import Path

from components.plan import as_text, plan_for, snapshot
from components.render import proxy
from tests.unit import clusters, monitor, transitions
from tests.unit.sandbox import Result, Sandbox
from tests.unit.steps import KUBELET, SETTINGS, cluster, did, run
from tests.unit.transitions import edited, put
from tests.unit.upgrades import LINES, in_order, node

WAY = put("proxy", {"http": "http://proxy.example:3128", "noProxy": [".example.org"]})
SHOW = '. lib/base.sh\n. lib/proxy.sh\nshow() { echo "${http_proxy:-} ${https_proxy:-} ${no_proxy:-}"; }\n'


def test_what_is_inside_is_reached_without_it(dev: clusters.File) -> None:
    """Ranges, the services' domain and the endpoint; a host that is added changes nothing on the others."""
    cluster = transitions.load(edited(dev, WAY))
    assert proxy.exempt(cluster) == [
        "localhost", "127.0.0.0/8", "10.244.0.0/16", "10.96.0.0/12", ".svc", ".cluster.local", "10.77.0.10",
        ".example.org",
    ]  # fmt: skip
    more = transitions.load(edited(dev, WAY, transitions.worker("worker-9", "10.77.0.29")))
    assert proxy.drop_in(more) == proxy.drop_in(cluster)
    assert 'Environment="HTTP_PROXY=http://proxy.example:3128"\n' in proxy.drop_in(cluster)
    assert "HTTPS_PROXY" not in proxy.drop_in(cluster)


def test_every_step_that_fetches_is_told(dev: clusters.File) -> None:
    """Balancers and nodes, and the scripts of a site that run before there is one; by names that kubeadm does not take
    for its own, since it would pass them on to its pods.
    """
    program = monitor.run_program(edited(dev, WAY))
    told = {name for name, step in program.commands.items() if "PROXY_HTTP" in monitor.words_of(step.plain("create"))}
    assert told == {f"{n}-prepare" for n in ("cp-1", "cp-2", "cp-3", "worker-1", "worker-2")} | {
        f"{n}-join" for n in ("cp-1", "cp-2", "cp-3", "worker-1", "worker-2")
    } | {"lb-1-balance", "lb-2-balance", "dev-init"}


def test_steps_that_fetch_manifests_are_told(dev: clusters.File) -> None:
    """Those that apply files alone reach nothing outside."""
    source = {"url": "https://example.org/web.yaml", "sha256": "a" * 64}
    program = monitor.run_program(edited(dev, WAY, put("manifests", [source])))
    told = {name for name, step in program.commands.items() if "PROXY_HTTP" in monitor.words_of(step.plain("create"))}
    assert "dev-manifests" in told
    assert "dev-network" not in told


def test_hosts_of_etcd_are_told_too(stores: clusters.File) -> None:
    """They fetch a package and an image; their members talk to hosts alone."""
    program = monitor.run_program(edited(stores, WAY))
    told = {name for name, step in program.commands.items() if "PROXY_HTTP" in monitor.words_of(step.plain("create"))}
    assert {name for name in told if name.startswith("etcd-")} == {f"etcd-{number}-prepare" for number in (1, 2, 3)}


def test_only_one_command_gets_it(tmp_path: Path) -> None:
    """Its own environment, not the step's."""
    given = {"PROXY_HTTP": "http://p.example:1", "PROXY_EXCEPT": ".svc"}
    done = Sandbox(tmp_path).step(f"{SHOW}proxied bash -c 'echo $http_proxy $https_proxy $no_proxy'; show", given)
    assert done.output.splitlines() == ["http://p.example:1 .svc", "  "], done.error


def test_without_one_nothing_is_set(tmp_path: Path) -> None:
    """As in most sites."""
    done = Sandbox(tmp_path).step(f"{SHOW}proxied show")
    assert done.output == "  \n", done.error


def test_a_new_way_out_is_rolled(dev: clusters.File) -> None:
    """containerd restarts with it in each node's turn; also where there was none before."""
    for before, after in (([], [WAY]), ([WAY], []), ([WAY], [put("proxy", {"http": "http://other.example:3128"})])):
        deployed = snapshot(transitions.load(edited(dev, *before)))
        plan = plan_for(deployed, transitions.load(edited(dev, *after)))
        text = as_text(plan)
        assert "given containerd's new proxy (containerd restarts, containers run on)" in text
        assert plan.workers_in_turn == {"worker-1", "worker-2"}


TEXT = '[Service]\nEnvironment="HTTP_PROXY=http://p.example:1"\n'
FOLDER = "/etc/systemd/system/containerd.service.d"


def joined(tmp_path: Path, staged: str, before: str) -> Result:
    """Run the step of a worker that runs, with containerd's proxy as preparation has laid it."""
    host = node(tmp_path)
    host.after = f"cat {FOLDER}/* 2>/dev/null"
    laid = f"{KUBELET}\nprintf '%s' '{staged}' >/var/lib/kubeadm-ha/proxy.conf\n{before}"
    wanted = hashlib.sha256(f"{SETTINGS}{staged}".encode()).hexdigest()[:12]
    return run(host, "join-worker", cluster(*LINES), laid, {"RUNTIME_CONFIG": wanted})


def test_containerd_is_told_in_its_node_s_turn(tmp_path: Path) -> None:
    """It restarts, and no pod leaves."""
    done = joined(tmp_path, TEXT, "")
    assert done.status == 0, done.error
    assert done.seen == TEXT
    in_order(done, "daemon-reload", "restart containerd")
    assert not did(done, "eviction")


def test_containerd_is_told_that_there_is_none_any_more(tmp_path: Path) -> None:
    """The same way back."""
    done = joined(tmp_path, "", f"mkdir -p {FOLDER}; printf '%s' '{TEXT}' >{FOLDER}/kubeadm-ha-proxy.conf")
    assert done.status == 0, done.error
    assert done.seen == ""
    in_order(done, "daemon-reload", "restart containerd")


def test_a_proxy_that_is_in_use_restarts_nothing(tmp_path: Path) -> None:
    """A second run finds it."""
    done = joined(
        tmp_path, TEXT, f"mkdir -p {FOLDER}; printf '%s' '{TEXT}' >{FOLDER}/kubeadm-ha-proxy.conf; chmod 644 {FOLDER}/*"
    )
    assert done.status == 0, done.error
    assert not did(done, "restart containerd")

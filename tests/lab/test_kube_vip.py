"""kube-vip with ARP: the control planes have the virtual address themselves, one whose API server answers."""

from __future__ import annotations

from tests.lab.site import Site, eventually
from tests.lab.test_main_job import assert_clean

ADDRESS = "10.77.0.10"
PLANES = {"cp-1": "10.77.0.11", "cp-2": "10.77.0.12", "cp-3": "10.77.0.13"}
ALL = {*PLANES, "worker-1"}
MANIFEST = "/etc/kubernetes/manifests/kube-vip.yaml"


def test_up(site: Site) -> None:
    """Three control planes and a worker, and no host for the endpoint alone."""
    site.boot({**PLANES, "worker-1": "10.77.0.21"})
    with site.edited() as cluster:
        cluster["endpoint"] = {"kind": "kube-vip", "address": ADDRESS}
        cluster["workers"] = {"default": {"hosts": {"worker-1": "10.77.0.21"}}}
    print(site.up().stdout[-2000:])
    eventually("all nodes", lambda: site.ready_nodes() == ALL, 60)


def test_it_is_healthy(site: Site) -> None:
    """A member on every control plane, every API server ready at its own address, and at the virtual one."""
    assert site.etcd_members("cp-3") == dict.fromkeys(PLANES, "started")
    for address in (ADDRESS, *PLANES.values()):
        assert site.lab("curl", "-sk", "--max-time", "5", f"https://{address}:6443/readyz").stdout == "ok", address
    assert site.holder("controlPlanes") in PLANES
    pods = site.get("pods", "-n", "kube-system", "-l", "app=kube-vip")["items"]
    assert {pod["spec"]["nodeName"] for pod in pods} == set(PLANES)


def test_nobody_is_super_admin_any_more(site: Site) -> None:
    """super-admin.conf was for the time of `kubeadm init` alone; no pod has it, and metrics are told to nobody."""
    for host in PLANES:
        assert site.ssh(host, f"grep -c super-admin {MANIFEST} || true").strip() == "0"
        mounted = "crictl inspect $(crictl ps -q --name '^kube-vip$') | grep -c super-admin || true"
        assert site.ssh(host, mounted).strip() == "0"
        assert site.ssh(host, "ss -Hltn 'sport = :2112'") == ""


def test_a_second_up_changes_nothing(site: Site) -> None:
    """Zero changes."""
    site.assert_unchanged()
    assert "unchanged" in site.up().stdout


def test_the_holder_is_lost(site: Site) -> None:
    """Pull the plug of the control plane that has the address, under writes."""
    holder = site.holder("controlPlanes")
    with site.without(holder, 25, role="which had the address"):
        site.holder_among(set(PLANES) - {holder})
        site.assert_unchanged()
    eventually("all nodes", lambda: site.ready_nodes() == ALL, 180)


def test_the_api_server_of_the_holder_is_lost(site: Site) -> None:
    """The host lives and so does kube-vip, and yet the address goes where the API answers."""
    holder = site.holder("controlPlanes")
    with site.without_api_server(holder, 25):
        assert site.holder("controlPlanes") != holder
    eventually("all nodes", lambda: site.ready_nodes() == ALL, 180)


def test_the_holder_is_cut_off(site: Site) -> None:
    """It gives the address up by itself: when the cable is in again, one host alone has it."""
    holder = site.holder("controlPlanes")
    site.under_requests(f"with {holder} cut off", lambda: site.hosts("cut", holder), 25)
    site.hosts("heal", holder)
    eventually("all nodes", lambda: site.ready_nodes() == ALL, 180)
    assert site.holder("controlPlanes") != holder


def test_the_holder_is_removed(site: Site) -> None:
    """It hands the address over in order, and has nothing of it left."""
    holder = site.holder("controlPlanes")
    with site.edited() as cluster:
        del cluster["controlPlane"]["hosts"][holder]
    site.under_requests(f"while {holder} left", site.up, 5)
    assert site.ready_nodes() == ALL - {holder}
    assert ADDRESS not in site.ssh(holder, "ip -4 address show")
    assert_clean(site, holder)
    site.assert_unchanged()


def test_destroy_leaves_hosts_that_can_be_used_again(site: Site) -> None:
    """The address too is gone."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    for host in ALL:
        assert ADDRESS not in site.ssh(host, "ip -4 address show")
        assert_clean(site, host)

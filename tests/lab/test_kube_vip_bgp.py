"""kube-vip with BGP: a real router learns from the control planes where the virtual address is."""

from __future__ import annotations

import pytest

from tests.lab.site import Site, eventually
from tests.lab.test_main_job import assert_clean

pytestmark = pytest.mark.long

#: Outside of the hosts' network: only the router's route leads to it.
ADDRESS = "10.80.0.10"
ROUTER = "10.77.0.4"
PLANES = {"cp-1": "10.77.0.11", "cp-2": "10.77.0.12", "cp-3": "10.77.0.13"}
ALL = {*PLANES, "worker-1"}
#: BIRD, which takes sessions of every host of the network and routes by what it learns.
BIRD = f"""
router id {ROUTER};
protocol device {{}}
protocol kernel {{ ipv4 {{ export all; }}; }}
protocol bgp planes {{
  local as 64512;
  neighbor range 10.77.0.0/24 as 64513;
  hold time 9;
  ipv4 {{
    import filter {{ if net = {ADDRESS}/32 then accept; reject; }};
    export none;
  }};
}}
"""


def next_hop(site: Site) -> str:
    """Return the control plane that the router sends the address' packets to."""
    route = site.ssh("router", f"ip route show {ADDRESS}")
    return next((name for name, address in PLANES.items() if f"via {address} " in route), "")


def test_a_router(site: Site) -> None:
    """A host of the lab with Debian's BIRD, between the lab's gateway and the address."""
    site.boot({"router": ROUTER, **PLANES, "worker-1": "10.77.0.21"})
    site.ssh("router", "apt-get -q update && apt-get -q -y --no-install-recommends install bird2 >/dev/null")
    site.ssh("router", f"cat >/etc/bird/bird.conf <<'END'\n{BIRD}\nEND\nsystemctl restart bird")
    # One interface for hosts and address: without this it would tell hosts the way past itself, and they would keep it.
    quiet = "sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0"
    site.ssh("router", quiet)
    site.lab("sysctl", "-q", "-w", "net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.br0.send_redirects=0")
    site.lab("ip", "route", "replace", f"{ADDRESS}/32", "via", ROUTER)


def test_up(site: Site) -> None:
    """The API answers at an address that no network of the hosts' has."""
    with site.edited() as cluster:
        bgp = {"asNumber": 64513, "peers": [{"address": ROUTER, "asNumber": 64512}]}
        cluster["endpoint"] = {"kind": "kube-vip", "address": ADDRESS, "mode": "bgp", "bgp": bgp}
        cluster["workers"] = {"default": {"hosts": {"worker-1": "10.77.0.21"}}}
    print(site.up().stdout[-2000:])
    eventually("all nodes", lambda: site.ready_nodes() == ALL, 60)


def test_it_is_healthy(site: Site) -> None:
    """Every control plane has a session, and the one with the address is where the router sends its packets."""
    assert site.etcd_members("cp-3") == dict.fromkeys(PLANES, "started")
    for address in (ADDRESS, *PLANES.values()):
        assert site.lab("curl", "-sk", "--max-time", "5", f"https://{address}:6443/readyz").stdout == "ok", address
    shown = site.ssh("router", "birdc show protocols")
    assert shown.count("Established") == 3, shown
    assert next_hop(site) == site.holder("controlPlanes")


def test_a_second_up_changes_nothing(site: Site) -> None:
    """Zero changes."""
    site.assert_unchanged()
    assert "unchanged" in site.up().stdout


def test_the_holder_is_lost(site: Site) -> None:
    """The router forgets the dead host when its hold time is over, and the next one has told of itself by then."""
    holder = site.holder("controlPlanes")
    with site.without(holder, 30, role="which had the address"):
        assert next_hop(site) not in ("", holder)
        site.assert_unchanged()
    eventually("all nodes", lambda: site.ready_nodes() == ALL, 180)


def test_the_api_server_of_the_holder_is_lost(site: Site) -> None:
    """kube-vip takes its route back itself, and the address goes where the API answers."""
    holder = site.holder("controlPlanes")
    with site.without_api_server(holder, 25):
        assert next_hop(site) not in ("", holder)
    eventually("all nodes", lambda: site.ready_nodes() == ALL, 180)


def test_another_setting_is_rolled_out(site: Site) -> None:
    """A shorter hold time: one control plane after another gets another pod, and writes go on."""
    with site.edited() as cluster:
        cluster["endpoint"]["bgp"]["holdSeconds"] = 3
    assert {name for name in site.changes()["update"] if name.endswith("-join")} == {f"{host}-join" for host in PLANES}
    site.under_requests("while kube-vip was started anew everywhere", site.up, 2)
    for host in PLANES:
        assert "value: '3'" in site.ssh(host, "grep -A 1 bgp_hold_time /etc/kubernetes/manifests/kube-vip.yaml")
    eventually("three sessions", lambda: site.ssh("router", "birdc show protocols").count("Established") == 3, 30)
    site.assert_unchanged()


def test_the_holder_is_removed(site: Site) -> None:
    """It hands the address over in order, and asks another control plane from then on."""
    holder = site.holder("controlPlanes")
    with site.edited() as cluster:
        del cluster["controlPlane"]["hosts"][holder]
    site.under_requests(f"while {holder} left", site.up, 5)
    assert site.ready_nodes() == ALL - {holder}
    assert next_hop(site) not in ("", holder)
    assert_clean(site, holder)
    site.assert_unchanged()


def test_destroy_leaves_hosts_that_can_be_used_again(site: Site) -> None:
    """The address too is gone, and so is the route."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    for host in ALL:
        assert ADDRESS not in site.ssh(host, "ip -4 address show")
    assert next_hop(site) == ""

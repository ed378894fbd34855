"""What the lab is told of a cluster in AWS: the whole of an example, as hosts, listeners and names of it."""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from lab.datacenter import follow
from tests.integration.aws import Api, plugin, stand_in
from tests.integration.aws_site import aws_site, cluster, zone


def told(api: Api) -> dict[str, Any]:
    """Return the first line that the lab is told."""
    command = [str(stand_in() / "python"), "-m", "lab.aws.world"]
    environment = {"PATH": os.environ["PATH"], **api.environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            found: dict[str, Any] = json.loads(process.stdout.readline())
        finally:
            process.kill()
    return found


def test_a_cluster_is_a_lab(tmp_path: Path, aws: Api) -> None:
    """Every machine as a host with the key that the program pins, the API's name at the balancer's addresses."""
    aws.reset()
    assert told(aws) == {"machines": {}, "balancers": {}, "names": {}}
    with plugin(aws) as started:
        hosted = zone(started, "prod.example.org")
    small = {"default": {"machines": {"count": 1}}}
    given = cluster("production", endpoint={"zoneId": hosted}, workers=small)
    given["name"] = "cloud"
    del given["controlPlane"]["machines"]["etcdVolumeGib"]
    site = aws_site(tmp_path, aws)
    site.configure(given)
    site.pulumi("up", "--yes", "--skip-preview")
    world = told(aws)

    machines = [follow.machine(id_, data) for id_, data in world["machines"].items()]
    hosts = {one.spec.name: one for one in machines}
    assert set(hosts) == {"cp-1", "cp-2", "cp-3", "default-1", "cloud-bastion"}
    assert hosts["cp-2"].spec.address == "10.40.16.10"
    assert hosts["cp-2"].spec.public == ""
    state = site.state()
    assert hosts["cloud-bastion"].spec.public == state["cloud-bastion-address"]["outputs"]["publicIp"]
    assert ipaddress.ip_address(hosts["cloud-bastion"].spec.public).is_global
    assert {one.spec.user for one in machines} == {"admin"}
    assert {one.on for one in machines} == {True}
    pair = state["cloud-login"]["inputs"]["publicKey"]
    for name, one in hosts.items():
        assert one.login_key.split()[:2] == pair.split()[:2]
        pinned = state[f"{name}-host-key"]["outputs"]["publicKeyOpenssh"]
        assert one.told.public.split()[:2] == pinned.split()[:2]

    (listener,) = follow.listeners(world["balancers"])
    assert listener["port"] == 6443
    assert listener["targets"] == [["10.40.0.10", 6443], ["10.40.16.10", 6443], ["10.40.32.10", 6443]]
    assert listener["check"]["path"] == "/readyz"
    assert listener["check"]["protocol"] == "HTTPS"
    assert listener["delay"] == 30
    assert len(listener["addresses"]) == 3
    assert world["names"] == {"api.prod.example.org": listener["addresses"]}

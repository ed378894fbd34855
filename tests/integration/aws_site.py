"""A stack whose machines are in AWS: the real engine, the stand-in for the AWS plugin, and hosts that only answer."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from lab.aws.wire import Values
from lab.layout import TREE
from tests.benchmark.plugin import UNDONE
from tests.integration.aws import Api, Plugin, stand_in
from tests.integration.site import Site
from tests.unit import cases
from tests.unit.aws_clusters import example

#: Takes the place of the plugin for remote commands: it runs nothing, and answers as hosts would.
_COMMANDS = '#!/bin/sh\nPYTHONPATH="{tree}" exec "{python}" -P -m tests.benchmark.plugin "$@"\n'


def aws_site(folder: Path, api: Api, program: str | None = None) -> Site:
    """Return a stack that finds the stand-ins first, and moto where it looks for AWS."""
    site = Site(folder, program)
    commands = folder / "bin"
    commands.mkdir()
    plugin = commands / "pulumi-resource-command"
    plugin.write_text(_COMMANDS.format(tree=TREE, python=sys.executable))
    plugin.chmod(0o755)
    places = [str(commands), str(stand_in() / "bin"), site.environment["PATH"]]
    # The state is written once, not after each of some hundred resources.
    more = {"PATH": os.pathsep.join(places), "PULUMI_PARALLEL": "64", "PULUMI_SKIP_CHECKPOINTS": "true"}
    site.environment |= api.environment | more | {UNDONE: str(folder / "undone")}
    return site


def undone(site: Site) -> list[str]:
    """Return the steps that were taken back on hosts since the last look."""
    log = Path(site.environment[UNDONE])
    found = log.read_text().split() if log.exists() else []
    log.write_text("")
    return found


def zone(plugin: Plugin, name: str) -> str:
    """Make a hosted zone, and return its id."""
    inputs, _ = plugin.check("aws:route53/zone:Zone", {"name": name})
    return plugin.create("aws:route53/zone:Zone", inputs)[0]


def network(plugin: Plugin, range_: str, name: str = "", /, **subnets: tuple[str, str]) -> tuple[str, dict[str, str]]:
    """Make a VPC with subnets, each a zone and a range; return its id and theirs. All are tagged with their names."""
    named: Values = {"cidrBlock": range_, "enableDnsHostnames": True, "tags": {"Name": name or "a network"}}
    inputs, _ = plugin.check("aws:ec2/vpc:Vpc", named)
    vpc, _ = plugin.create("aws:ec2/vpc:Vpc", inputs)
    made = {}
    for subnet, (place, part) in subnets.items():
        given: Values = {"vpcId": vpc, "availabilityZone": place, "cidrBlock": part, "tags": {"Name": subnet}}
        inputs, _ = plugin.check("aws:ec2/subnet:Subnet", given)
        made[subnet], _ = plugin.create("aws:ec2/subnet:Subnet", inputs)
    return vpc, made


def cluster(name: str, **edits: Any) -> dict[str, Any]:
    """Return the cluster file of an example, with edits laid over it."""
    return cases.laid_over(example(name), edits)


def steps(site: Site) -> dict[str, str]:
    """Return what a preview would do, by the name of the resource; not those that stay."""
    shown = json.loads(site.pulumi("preview", "--json").stdout)
    # The engine shows parts of a replacement as steps of their own, too.
    wanted = {"create", "update", "delete", "replace"}
    return {step["urn"].rsplit("::", 1)[1]: step["op"] for step in shown["steps"] if step["op"] in wanted}


def kinds(site: Site, kind: str) -> dict[str, dict[str, Any]]:
    """Return the resources of one type of AWS's in the state, by name."""
    return {name: resource for name, resource in site.state().items() if resource["type"] == f"aws:{kind}"}

"""The command line of `lab/cloud`: a lab whose hosts are machines that are asked for as in AWS."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from lab.datacenter import base, centre, inventory, lock, network, process, services
from lab.datacenter.cli import leave_lab_network
from lab.datacenter.follow import METADATA
from lab.datacenter.plan import Plan
from lab.datacenter.shell import LabError
from lab.layout import LAB, TREE, cache

#: Where AWS is in the lab, at the network's first address.
PORT = 5566
#: What `lab/run` puts into the environment.
ENVIRONMENT = LAB / "aws.env"


def stand_in() -> Path:
    """Return the Python that has the stand-in's libraries. Raises LabError when there is none."""
    built = sorted((cache() / "artifacts" / "resource-aws").glob("*/python"))
    if not built:
        raise LabError("no stand-in for AWS yet; lab/build makes it")
    return built[-1]


def environment(gateway: str, region: str) -> dict[str, str]:
    """Return what the plugin and boto3 want to know; the credentials open nothing."""
    return {
        "AWS_ENDPOINT_URL": f"http://{gateway}:{PORT}",
        "AWS_REGION": region,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def up(whole: IPv4Network, region: str) -> None:
    """Start the lab's network with AWS in it, and what makes hosts of its machines."""
    plan = Plan("cloud", whole, {})
    python = stand_in()
    base.ensure(cloud=True)
    centre.up(plan)
    settings = environment(plan.gateway, region)
    api = (str(python), "-m", "lab.aws.api", plan.gateway, str(PORT), "--machines")
    services.start([services.Service("aws", PORT, api)], plan.gateway)
    network.claim([METADATA])
    told = (METADATA, "80", settings["AWS_ENDPOINT_URL"], region)
    services.start([services.Service("metadata", 80, (str(python), "-m", "lab.aws.metadata", *told))], METADATA)
    # Not over what the caller has set: the same as with all else that lab/run sets.
    ENVIRONMENT.write_text("".join(f"export {name}=${{{name}:-{value}}}\n" for name, value in settings.items()))
    pid_file = services.FOLDER / "follow.pid"
    if process.alive(pid_file) is None:
        # The way out of the machine is not there in the lab's network, and nothing in it needs a proxy.
        ours = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        with (services.FOLDER / "follow.log").open("a") as log:
            started = subprocess.Popen(
                [sys.executable, "-P", "-m", "lab.datacenter.follow", str(python)],
                cwd=TREE,
                env={**ours, **settings, "PYTHONPATH": str(TREE)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        process.record(pid_file, started.pid)


def ask(words: Sequence[str]) -> int:
    """Ask the AWS of the lab for something; return the status of who asks."""
    inventory.require()
    command = [str(TREE / "lab" / "run"), str(stand_in()), "-m", "lab.aws.ask", *words]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": str(TREE)}, check=False).returncode


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a failure is a sentence on standard error and exit code 1."""
    parser = argparse.ArgumentParser(prog="lab/cloud", description="A lab whose hosts are asked for as in AWS.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = commands.add_parser("up", help="start a network with AWS in it; lab/hosts down ends it")
    add.add_argument("network", type=IPv4Network, metavar="RANGE", help="range of the VPC, such as 10.40.0.0/16")
    add.add_argument("--region", default="eu-central-1")
    call = commands.add_parser("ask", help="one call of the AWS API, such as ec2 describe_instances")
    call.add_argument("service")
    call.add_argument("call")
    call.add_argument("arguments", nargs="?", default="{}", help="as JSON")
    commands.add_parser("log", help="show what was made of what was asked for")
    options = parser.parse_args(argv)
    try:
        if os.geteuid() != 0:
            raise LabError("the lab makes network namespaces and containers; run this as root")
        leave_lab_network("lab.datacenter.cloud")
        if options.command == "ask":
            return ask([options.service, options.call, options.arguments])
        if options.command == "log":
            inventory.require()
            print((services.FOLDER / "follow.log").read_text(), end="")
        else:
            with lock.held():
                up(options.network, options.region)
    except LabError as error:
        print(f"lab/cloud: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

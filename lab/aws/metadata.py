"""What machines ask about themselves: IMDSv2, by what the AWS API says of the machine that asks.

`python -m lab.aws.metadata ADDRESS PORT API REGION`. Who asks is known by the address, as in AWS; without a session
token there is no answer.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lab.aws.cloud import Cloud
from lab.aws.groups import LEAVES
from lab.aws.kinds.common import first

TOKEN = "/latest/api/token"  # noqa: S105  # a path
ENTRIES = "/latest/meta-data/"
ROLES = "iam/security-credentials/"
_LASTS = timedelta(hours=6)
#: Of how long a session lasts.
LASTS = "X-aws-ec2-metadata-token-ttl-seconds"


def asking(cloud: Cloud, address: str) -> Any:
    """Return the machine that has an address, None where nobody has it."""
    living = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping"]}
    has = {"Name": "private-ip-address", "Values": [address]}
    found = first(cloud.ec2.describe_instances, "Reservations", Filters=[has, living])
    return found and found["Instances"][0]


def entry(cloud: Cloud, machine: Mapping[str, Any], path: str) -> str | None:
    """Return an entry of a machine's metadata, None where there is no such entry."""
    known: dict[str, Callable[[], str | None]] = {
        "instance-id": lambda: str(machine["InstanceId"]),
        "instance-type": lambda: str(machine["InstanceType"]),
        "local-ipv4": lambda: str(machine["PrivateIpAddress"]),
        "placement/availability-zone": lambda: str(machine["Placement"]["AvailabilityZone"]),
        "placement/region": lambda: cloud.region,
        "autoscaling/target-lifecycle-state": lambda: _target(cloud, str(machine["InstanceId"])),
    }
    if path in known:
        return known[path]()
    if not path.startswith(ROLES):
        return None
    role = _role(cloud, machine)
    if role is None:
        return None
    wanted = path.removeprefix(ROLES)
    if not wanted:
        return str(role["RoleName"])
    return json.dumps(_credentials(cloud, role)) if wanted == role["RoleName"] else None


def _target(cloud: Cloud, id_: str) -> str | None:
    """Return what Auto Scaling wants of a machine; nothing for one that is none of its own."""
    found = first(cloud.autoscaling.describe_auto_scaling_instances, "AutoScalingInstances", InstanceIds=[id_])
    return found and ("Terminated" if found["LifecycleState"] == LEAVES else "InService")


def _role(cloud: Cloud, machine: Mapping[str, Any]) -> Any:
    profile = machine.get("IamInstanceProfile", {}).get("Arn", "").rpartition("/")[2]
    if not profile:
        return None
    return cloud.iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"][0]


def _credentials(cloud: Cloud, role: Mapping[str, Any]) -> dict[str, str]:
    given = cloud.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="machine")["Credentials"]
    return {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": given["AccessKeyId"],
        "SecretAccessKey": given["SecretAccessKey"],
        "Token": given["SessionToken"],
        "Expiration": (datetime.now(UTC) + _LASTS).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


class Handler(BaseHTTPRequestHandler):
    """Answers machines."""

    cloud: Cloud
    sessions: set[str]

    def do_PUT(self) -> None:
        """Begin a session."""
        seconds = self.headers.get(LASTS, "")
        if self.path != TOKEN or not seconds.isdigit():
            self._say(HTTPStatus.BAD_REQUEST)
            return
        session = secrets.token_urlsafe(24)
        self.sessions.add(session)
        # AWS says it back, and clients in Go want to hear it.
        self._say(HTTPStatus.OK, session, {LASTS: seconds})

    def do_GET(self) -> None:
        """Answer with an entry."""
        if self.headers.get("X-aws-ec2-metadata-token", "") not in self.sessions:
            self._say(HTTPStatus.UNAUTHORIZED)
            return
        machine = asking(self.cloud, self.client_address[0])
        found = None
        if machine and self.path.startswith(ENTRIES):
            found = entry(self.cloud, machine, self.path.removeprefix(ENTRIES))
        self._say(HTTPStatus.NOT_FOUND if found is None else HTTPStatus.OK, found or "")

    def _say(self, status: HTTPStatus, text: str = "", more: Mapping[str, str] | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {**(more or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class has it so
        """Say nothing of each request: machines ask every few seconds."""


def main() -> None:
    """Serve till this process is ended."""
    address, port, api, region = sys.argv[1:]
    # boto3 asks for credentials, and there they open nothing.
    os.environ |= {"AWS_ENDPOINT_URL": api, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    Handler.cloud, Handler.sessions = Cloud(region), set()
    ThreadingHTTPServer((address, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()

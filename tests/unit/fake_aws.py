"""Answers on loopback as AWS would to one machine: metadata, S3, SSM and Auto Scaling, out of a folder.

`python3 fake_aws.py PORT FOLDER`; it runs in a sandbox, by the standard library alone. What is asked for goes into the
file `asked`; `state` is what is meant with the machine, `token` what the parameter holds, `bundle` the object.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else Path()
METADATA = {
    "instance-id": "i-0123456789abcdef0",
    "local-ipv4": "10.44.8.77",
    "instance-type": "m6i.xlarge",
    "placement/availability-zone": "eu-central-1a",
    "iam/security-credentials/": "role",
    "iam/security-credentials/role": json.dumps({"AccessKeyId": "AKID", "SecretAccessKey": "hidden", "Token": "t"}),
}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    def do_PUT(self) -> None:
        """Begin a session."""
        self._say(200, "session")

    def do_GET(self) -> None:
        """Tell of the machine, or hand out the object."""
        if not self.path.startswith("/latest/meta-data/"):
            self._note(f"GET {self.path}")
            self._say(200, (FOLDER / "bundle").read_text())
            return
        entry = self.path.removeprefix("/latest/meta-data/")
        if self.headers["x-aws-ec2-metadata-token"] != "session":
            self._say(401, "")
        elif entry == "autoscaling/target-lifecycle-state":
            self._say(200, (FOLDER / "state").read_text())
        else:
            self._say(200 if entry in METADATA else 404, METADATA.get(entry, ""))

    def do_POST(self) -> None:
        """Read the parameter, or take word of the machine."""
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.headers["x-amz-target"]:
            self._note(f"{self.headers['x-amz-target']} {body}")
            self._say(200, json.dumps({"Parameter": {"Value": (FOLDER / "token").read_text()}}))
            return
        given = {key: values[0] for key, values in parse_qs(body).items() if key != "Version"}
        self._note(" ".join(given.values()))
        waits = given["LifecycleHookName"] == "leaves" or (FOLDER / "state").read_text() != "late"
        self._say(200 if waits else 400, "" if waits else "No active Lifecycle Action found with instance ID")

    def _note(self, text: str) -> None:
        with (FOLDER / "asked").open("a") as file:
            file.write(f"{text}\n")

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

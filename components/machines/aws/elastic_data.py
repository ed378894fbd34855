"""What a machine of an elastic pool is told when it first starts: where the steps are that make it a node."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping

from components.remote import SCRIPTS
from components.render.document import to_yaml

#: More than this AWS does not take.
MOST_BYTES = 16384
FOLDER = "/usr/local/lib/kubeadm-ha"
TOLD = "/etc/kubeadm-ha-machine.json"
UNIT = "kubeadm-ha-machine.service"
_UNIT = f"""\
[Unit]
Description=Makes this machine a node of its cluster, and takes it out when it is ended
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
EnvironmentFile=-/etc/default/kubeadm-ha
ExecStart=/usr/bin/python3 {FOLDER}/machine.py {TOLD}
Restart=on-failure
RestartSec=15

[Install]
WantedBy=multi-user.target
"""


def parameter(cluster: str) -> str:
    """Return the name of the parameter with the token of a cluster of that name."""
    return f"/kubeadm-ha/{cluster}/join-token"


def user_data(told: Mapping[str, str]) -> str:
    """Return cloud-init's configuration. There is nothing secret in it. Raises ValueError when it is too long."""
    programs = {name: (SCRIPTS / "aws" / name).read_text() for name in ("aws_api.py", "machine.py")}
    document = {
        "ssh_pwauth": False,
        "write_files": [
            *(
                {"path": f"{FOLDER}/{name}", "encoding": "gz+b64", "content": _packed(text)}
                for name, text in programs.items()
            ),
            {"path": f"/etc/systemd/system/{UNIT}", "content": _UNIT},
            {"path": TOLD, "content": json.dumps(told) + "\n"},
        ],
        "runcmd": [["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", "--no-block", UNIT]],
    }
    text = f"#cloud-config\n{to_yaml(document)}"
    if len(text.encode()) > MOST_BYTES:
        raise ValueError(f"user data has {len(text.encode())} bytes, and AWS takes {MOST_BYTES}")
    return text


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()

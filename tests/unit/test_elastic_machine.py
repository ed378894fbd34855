"""The user data of an elastic machine, run as cloud-init runs it: what it fetches, joins with, says, and leaves."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import remote
from components.machines.aws import elastic_data
from tests.unit.sandbox import Result, Sandbox

FAKE = Path(__file__).with_name("fake_aws.py")
TOKEN = "abcdef.0123456789abcdef"
NAME = "burst-i-0123456789abcdef0"
#: Stand in for the scripts: they write down what they were given.
SCRIPT = """. lib/base.sh
if [ -e /run/fails-$STEP ]; then rm /run/fails-$STEP; fail "does not work" "Try again"; fi
told=$(cat kubeadm.yaml discovery.conf 2>/dev/null || :)
printf '%s %s %s %s %s\\n' "$STEP" "$NODE_NAME" "$NODE_ADDRESS" "$ENDPOINT" "$told" >>/var/log/did
"""


def packed() -> str:
    """Return the archive of a script and what it sources, as components.remote makes one."""
    plain = io.BytesIO()
    files = {f"{name}.sh": SCRIPT for name in ("prepare-node", "join-worker", "leave-worker")}
    files["lib/base.sh"] = (remote.SCRIPTS / "lib/base.sh").read_text()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text.encode()), 0o600
            tar.addfile(entry, io.BytesIO(text.encode()))
    return base64.b64encode(gzip.compress(plain.getvalue())).decode()


def bundle() -> str:
    """Return a bundle of three steps."""
    told = {"kubeadm.yaml": "@name@ @address@ @zone@ @type@ @id@", "discovery.conf": "@token@"}
    steps: dict[str, Any] = {}
    for what, script in (("prepare", "prepare-node"), ("join", "join-worker"), ("leave", "leave-worker")):
        step = remote.Step(script, inputs={"ENDPOINT": "api:6443"}, deadline_seconds=20)
        texts = told if what == "join" else {}
        steps[what] = remote.alone(step, texts, told=texts) | {"files": {"scripts": packed(), **texts}}
    return json.dumps({**remote.receiving(), "steps": steps})


class Machine:
    """A machine that starts: user data, an account on loopback, and what becomes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cloud = folder, folder / "cloud"
        self.cloud.mkdir()
        self.set(bundle=bundle(), token=TOKEN, state="Terminated", asked="")
        self.sha256 = hashlib.sha256(bundle().encode()).hexdigest()
        self.before = ""

    def set(self, **files: str) -> None:
        """Set what AWS answers."""
        for name, text in files.items():
            (self.cloud / name).write_text(text)

    @property
    def asked(self) -> list[str]:
        """What AWS was asked for, metadata aside."""
        return (self.cloud / "asked").read_text().splitlines()

    def start(self, times: int = 1) -> Result:
        """Do as cloud-init and systemd would: write the files, and run the unit's program."""
        told = {
            "pool": "burst",
            "group": "prod-burst",
            "region": "eu-central-1",
            "bucket": "bundles",
            "key": f"burst/{self.sha256}",
            "sha256": self.sha256,
            "parameter": "/kubeadm-ha/prod/join-token",
        }
        document = yaml.safe_load(elastic_data.user_data(told))
        lines = []
        for number, file in enumerate(document["write_files"]):
            raw = file["content"].encode()
            text = gzip.decompress(base64.b64decode(raw)) if file.get("encoding") == "gz+b64" else raw
            (self.folder / str(number)).write_bytes(text)
            lines.append(f"install -D -m 644 {self.folder}/{number} {file['path']}")
        unit = next(f["content"] for f in document["write_files"] if f["path"].endswith(".service"))
        command = next(line for line in unit.splitlines() if line.startswith("ExecStart=")).removeprefix("ExecStart=")
        sandbox = Sandbox(
            self.folder,
            before="; ".join(
                [
                    # What the sandbox leaves alone: programs of the machine's own, and its loopback.
                    "mount -t tmpfs tmpfs /usr/local/lib",
                    "ip link set lo up",
                    *lines,
                    f"setsid /usr/bin/python3 {FAKE} 8080 {self.cloud} >/dev/null 2>&1 & fake=$!",
                    "until curl -s -o /dev/null http://127.0.0.1:8080/latest/meta-data/; do :; done",
                    self.before or ":",
                ]
            ),
            after="kill $fake; cat /var/log/did; grep -rs abcdef.0123 /var /etc /usr/local/lib",
        )
        where = "AWS_ENDPOINT_URL=http://127.0.0.1:8080 AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:8080"
        line = f"env {where} KUBEADM_HA_LOOK_SECONDS=0.1 {command}"
        return sandbox.line("; ".join([line] * times), "")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine that is ended as soon as it has joined."""
    return Machine(tmp_path)


def did(result: Result) -> list[str]:
    """Return what the steps wrote down, which is in a file that real ones have not."""
    return [line for line in result.seen.splitlines() if line.startswith(("prepare-", "join-", "leave-"))]


def test_a_machine_joins_and_leaves(machine: Machine) -> None:
    """By the steps of its bundle, under its own name, with the token of the hour; Auto Scaling hears of both."""
    done = machine.start()
    assert done.status == 0, done.error
    assert did(done) == [
        f"prepare-node {NAME} 10.44.8.77 api:6443 ",
        f"join-worker {NAME} 10.44.8.77 api:6443 {NAME} 10.44.8.77 eu-central-1a m6i.xlarge"
        f" aws:///eu-central-1a/i-0123456789abcdef0{TOKEN}",
        f"leave-worker {NAME} 10.44.8.77 api:6443 ",
    ]
    assert machine.asked == [
        f"GET /bundles/burst/{machine.sha256}",
        'AmazonSSM.GetParameter {"Name": "/kubeadm-ha/prod/join-token", "WithDecryption": true}',
        "CompleteLifecycleAction prod-burst joins i-0123456789abcdef0 CONTINUE",
        "CompleteLifecycleAction prod-burst leaves i-0123456789abcdef0 CONTINUE",
    ]


def test_a_token_is_nowhere_but_in_memory(machine: Machine) -> None:
    """Neither on the disk nor in what the journal gets."""
    machine.before = "touch /run/fails-join-worker"
    done = machine.start()
    assert done.status == 1
    assert TOKEN not in done.output + done.error + done.seen
    assert not [path for path in done.left if "kubeadm-ha." in path]


def test_a_start_after_the_join_needs_nothing(machine: Machine) -> None:
    """No token, no bundle: the node has an identity of its own."""
    machine.before = (
        "mkdir /var/lib/kubeadm-ha-machine; cd /var/lib/kubeadm-ha-machine; touch joined said-joins said-leaves"
    )
    machine.before += f"; cp {machine.cloud}/bundle bundle; cd /"
    machine.set(token="none yet")
    done = machine.start()
    assert done.status == 0, done.error
    assert [line.split()[0] for line in did(done)] == ["leave-worker"]
    assert machine.asked == []


def test_before_there_is_a_token_nobody_joins(machine: Machine) -> None:
    """The unit is started again till there is one; what is prepared is prepared again, which changes nothing."""
    machine.set(token="none yet")
    done = machine.start()
    assert done.status == 1
    assert "error: no control plane has given out a token yet" in done.error
    assert [line.split()[0] for line in did(done)] == ["prepare-node"]


def test_a_bundle_of_another_content_is_not_run(machine: Machine) -> None:
    """Whoever may write the object alone makes no node do what he wants."""
    machine.set(bundle=bundle().replace("@token@", "@token@ and more"))
    done = machine.start()
    assert done.status == 1
    assert "the bundle has the checksum" in done.error
    assert did(done) == []


def test_a_join_that_fails_is_tried_again(machine: Machine) -> None:
    """With what the step said in the journal, and a token that is read anew."""
    machine.before = "touch /run/fails-join-worker"
    done = machine.start(times=2)
    assert done.status == 0
    assert "join-worker: does not work" in done.error
    assert "error: join-worker ended with 1" in done.error
    assert [line.split()[0] for line in did(done)] == ["prepare-node", "prepare-node", "join-worker", "leave-worker"]
    assert len([asked for asked in machine.asked if "GetParameter" in asked]) == 2
    assert len([asked for asked in machine.asked if asked.startswith("GET ")]) == 1


def test_one_that_cannot_leave_in_order_ends_all_the_same(machine: Machine) -> None:
    """Auto Scaling does not wait for what will not come."""
    machine.before = "touch /run/fails-leave-worker"
    done = machine.start()
    assert done.status == 0
    assert "left without taking leave" in done.output
    assert machine.asked[-1] == "CompleteLifecycleAction prod-burst leaves i-0123456789abcdef0 CONTINUE"


def test_user_data_fits_and_has_no_secret(machine: Machine) -> None:
    """With the longest names that there can be; it is readable for everybody on the machine."""
    keys = ("pool", "group", "region", "bucket", "key", "sha256", "parameter")
    text = elastic_data.user_data(dict.fromkeys(keys, "x" * 255))
    assert len(text.encode()) < elastic_data.MOST_BYTES * 3 // 4
    assert machine.sha256 not in text
    with pytest.raises(ValueError, match="and AWS takes 16384"):
        elastic_data.user_data({"pool": os.urandom(16384).hex()})

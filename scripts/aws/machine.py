"""A machine of an elastic pool, from its first start to its end: it joins by itself, and leaves when it is ended.

What it runs are the very steps that `up` runs on hosts, out of one bundle in S3 that is held to its checksum. It joins
once; after that its node has an identity of its own, and a start needs nothing of AWS.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from aws_api import Aws, AwsError, Machine

STATE = Path("/var/lib/kubeadm-ha-machine")
#: How often a machine looks whether it is to end: AWS waits for its answer.
LOOK_SECONDS = float(os.environ.get("KUBEADM_HA_LOOK_SECONDS", "5"))
#: Auto Scaling holds a machine back on both ways till it says that it is done.
LAUNCHING, TERMINATING = "joins", "leaves"


def say(text: str) -> None:
    """Write a line into the journal."""
    print(text, flush=True)


class Elastic:
    """This machine, as what it is told makes it."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.machine = Machine()
        self.aws = Aws(told["region"], self.machine)
        self.id = self.machine.needed("instance-id")
        self.name = f"{told['pool']}-{self.id}"
        self.address = self.machine.needed("local-ipv4")

    def bundle(self) -> dict[str, Any]:
        """Return the steps, fetched once and held to their checksum."""
        kept = STATE / "bundle"
        text = kept.read_bytes() if kept.exists() else self.aws.stored(self.told["bucket"], self.told["key"])
        digest = hashlib.sha256(text).hexdigest()
        if digest != self.told["sha256"]:
            kept.unlink(missing_ok=True)
            raise AwsError(f"the bundle has the checksum {digest}, not {self.told['sha256']}")
        if not kept.exists():
            fresh = STATE / ".bundle"
            fresh.touch(mode=0o600)
            fresh.write_bytes(text)
            fresh.rename(kept)
        steps: dict[str, Any] = json.loads(text)
        return steps

    def words(self) -> dict[str, str]:
        """Return what a machine alone knows, by the words that stand for it in files of the bundle."""
        zone = self.machine.needed("placement/availability-zone")
        return {
            "@name@": self.name,
            "@address@": self.address,
            "@zone@": zone,
            "@type@": self.machine.needed("instance-type"),
            "@id@": f"aws:///{zone}/{self.id}",
        }

    def run(self, what: str, words: dict[str, str]) -> None:
        """Run a step of the bundle as `up` does on hosts: its files in standard input, none of them on a disk."""
        bundle = self.bundle()
        step = bundle["steps"][what]
        files = dict(step["files"])
        for name in step["told"]:
            for word, value in words.items():
                files[name] = files[name].replace(word, value)
        sent = bundle["unpack"] + "".join(f"{n} {len(t.encode())}\n{t}" for n, t in files.items()) + ". 0\n"
        inputs = {"STEP": step["script"], "NODE_NAME": self.name, "NODE_ADDRESS": self.address, **step["inputs"]}
        command = ["timeout", "--kill-after=20", str(step["seconds"]), "bash", "-c", bundle["receive"]]
        command += [f"{step['script']}.sh", *(f"{name}={value}" for name, value in inputs.items())]
        say(f"{what}: {step['script']}")
        done = subprocess.run(command, input=sent.encode(), stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise AwsError(f"{step['script']} ended with {done.returncode}")

    def join(self) -> None:
        """Become a node, once."""
        if (STATE / "joined").exists():
            return
        self.run("prepare", {})
        token = self.aws.parameter(self.told["parameter"])
        if "." not in token:
            raise AwsError("no control plane has given out a token yet")
        self.run("join", {**self.words(), "@token@": token})
        (STATE / "joined").touch()

    def announce(self, hook: str, result: str) -> None:
        """Say to Auto Scaling that the machine has joined, or has left."""
        said = STATE / f"said-{hook}"
        if said.exists():
            return
        try:
            self.aws.autoscaling(
                "CompleteLifecycleAction",
                AutoScalingGroupName=self.told["group"],
                LifecycleHookName=hook,
                InstanceId=self.id,
                LifecycleActionResult=result,
            )
        except AwsError as error:
            # Nobody waits: the machine was there before the hook, or its time was up.
            if "No active Lifecycle Action" not in str(error):
                raise
            say(str(error))
        said.touch()

    def wait_for_the_end(self) -> None:
        """Return when Auto Scaling means to end the machine."""
        while True:
            try:
                if self.machine.read("autoscaling/target-lifecycle-state") == "Terminated":
                    return
            except AwsError as error:
                say(f"not told what is meant with this machine: {error}")
            time.sleep(LOOK_SECONDS)

    def leave(self) -> None:
        """Drain the node and take it out; what does not go in time goes with the machine."""
        try:
            self.run("leave", {})
        except AwsError as error:
            say(f"left without taking leave: {error}")
        self.announce(TERMINATING, "CONTINUE")


def main() -> int:
    """Join, and wait for the end; whoever starts this starts it again when it fails."""
    STATE.mkdir(mode=0o700, exist_ok=True)
    try:
        elastic = Elastic(json.loads(Path(sys.argv[1]).read_text()))
        elastic.join()
        elastic.announce(LAUNCHING, "CONTINUE")
        elastic.wait_for_the_end()
        elastic.leave()
    except AwsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

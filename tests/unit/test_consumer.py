"""examples/consumer with pulumi-kubernetes: the same objects as kubectl gets, and a kubeconfig that stays secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

TREE = Path(__file__).resolve().parents[2]
EXAMPLE = TREE / "examples" / "consumer"
#: Where the Makefile puts what only the example needs.
LIBRARIES = TREE / ".venv" / "consumer"
#: In a process of its own: mocks stay for the rest of a process.
PROGRAM = """
import asyncio
import json
import sys

import pulumi

made = []


class Recorder(pulumi.runtime.Mocks):
    def new_resource(self, args):
        made.append({"type": args.typ, "inputs": args.inputs, "provider": args.provider or ""})
        return args.name, args.inputs

    def call(self, args):
        return {}


pulumi.runtime.set_mocks(Recorder(), preview=False)
import with_kubectl
import with_provider
import web
from kubeadm_ha_outputs import ClusterOutputs

told = dict.fromkeys(ClusterOutputs.__dataclass_fields__, pulumi.Output.from_input("not asked for"))
told["kubeconfig"] = pulumi.Output.secret("apiVersion: v1")
told["endpoint"] = pulumi.Output.from_input("https://192.0.2.10:6443")
with_provider.deploy(ClusterOutputs(**told))
asyncio.get_event_loop().run_until_complete(pulumi.runtime.stack.wait_for_rpcs())
json.dump({"made": made, "bundle": with_kubectl.bundle("apiVersion: v1")}, sys.stdout)
"""


def run() -> Any:
    """Return what the example registers with the provider, and what it gives to kubectl."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=EXAMPLE,
        env={**os.environ, "PYTHONPATH": str(LIBRARIES)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout)


def test_both_ways_put_the_same_objects_there() -> None:
    """Object for object; the provider's kubeconfig is a secret, and the endpoint is the cluster's identity."""
    seen = run()
    provider, *objects = seen["made"]
    assert provider["type"] == "pulumi:providers:kubernetes"
    assert provider["inputs"]["kubeconfig"]["value"] == "apiVersion: v1"  # with the mark of a secret beside it
    assert provider["inputs"]["clusterIdentifier"] == "https://192.0.2.10:6443"
    size, _, rest = seen["bundle"].partition("\n")
    by_kubectl = list(yaml.safe_load_all(rest[int(size) :]))
    assert [made["inputs"] for made in objects] == by_kubectl
    assert len(objects) == 3
    assert all("pulumi:providers:kubernetes::cluster" in made["provider"] for made in objects)

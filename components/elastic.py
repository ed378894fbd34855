"""Pools that grow and shrink by themselves: what their machines run, and the token that they join with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components import remote
from components.config import Cluster
from components.endpoints.parts import Endpoint
from components.hooks import node_hooks
from components.host import Host
from components.machines.site import Growth
from components.node import node_deadline, node_inputs, preparation
from components.pki import ClusterPki
from components.remote import RemoteScript, Step
from components.render import elastic, kubeadm

#: Often enough that what was given out always lasts for a while, and that a machine which is gone is soon forgotten.
_EVERY = "10min"
_SERVICE = """\
[Unit]
Description=Keeps a token for machines of elastic pools, and removes nodes whose machine is gone
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
RuntimeDirectory=kubeadm-ha-tokens
Environment=KUBECACHEDIR=%t/kubeadm-ha-tokens
EnvironmentFile=-/etc/default/kubeadm-ha
TimeoutStartSec=120
ExecStart=/usr/bin/python3 /usr/local/lib/kubeadm-ha/tokens.py /usr/local/lib/kubeadm-ha/tokens.json
"""
_TIMER = f"""\
[Unit]
Description=Keeps a token for machines of elastic pools

[Timer]
OnBootSec=1min
OnUnitActiveSec={_EVERY}
RandomizedDelaySec=2min

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True)
class ElasticPoolsArgs:
    """Arguments of ElasticPools."""

    cluster: Cluster
    """The cluster file."""
    planes: Sequence[Host]
    """The control planes: each keeps the token."""
    pki: ClusterPki
    """Has the authority that machines trust."""
    endpoint: Endpoint
    """Where the API is reached, and what that asks of workers."""
    growth: Growth
    """Makes the pools."""
    after: Sequence[pulumi.Resource]
    """What has to be there: the control planes, as the cluster file has them, since no kubelet may be newer."""


class ElasticPools(pulumi.ComponentResource):
    """Pools without a resource for any machine: no `up` logs in to one."""

    def __init__(self, name: str, args: ElasticPoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:ElasticPools", name, None, opts)
        keeping = Step(
            "keep-tokens",
            undo="forget-tokens",
            inputs=args.growth.token,
            files={
                "aws_api.py": (remote.SCRIPTS / "aws/aws_api.py").read_text(),
                "tokens.py": (remote.SCRIPTS / "aws/tokens.py").read_text(),
                "kubeadm-ha-tokens.service": _SERVICE,
                "kubeadm-ha-tokens.timer": _TIMER,
            },
            cleans=True,
        )
        after = pulumi.ResourceOptions(parent=self, depends_on=[*args.after, *args.growth.allowed])
        kept = [RemoteScript(f"{host.name}-tokens", host, keeping, after) for host in args.planes]
        for pool in args.cluster.elastic_pools():
            args.growth.pool(pool, bundle(args, pool), [*args.after, *kept])
        self.register_outputs({})


def bundle(args: ElasticPoolsArgs, pool: str) -> pulumi.Output[str]:
    """Return the steps that make a machine a node and take it out again, as scripts/aws/machine.py reads them.

    It is secret: containerd's settings may hold what opens a registry.
    """
    cluster = args.cluster
    prepare = preparation(cluster, control_plane=False)
    inputs = {**node_inputs(cluster), **args.endpoint.worker.inputs}
    join = Step("join-worker", inputs=inputs, deadline_seconds=node_deadline(cluster, 900))
    leave = Step("leave-worker", inputs=inputs, deadline_seconds=node_deadline(cluster, 240))
    joining = {
        "kubeadm.yaml": elastic.join(cluster, pool),
        "upgrade.yaml": kubeadm.upgrade(cluster),
        **elastic.kubelet_patch(cluster, pool),
        **_texts(args.endpoint.worker.files),
        **node_hooks(cluster, pool),
    }

    def written(ca: str | None) -> str:
        # In a run with `--target` there may be no authority; then nothing is made of this either.
        discovery = {"discovery.conf": elastic.discovery(cluster, ca or "")}
        steps = {
            "prepare": remote.alone(prepare, _texts(prepare.files)),
            "join": remote.alone(join, {**joining, **discovery}, told=("kubeadm.yaml", "discovery.conf")),
            "leave": remote.alone(leave, {}),
        }
        return json.dumps({**remote.receiving(), "steps": steps}, sort_keys=True)

    return pulumi.Output.secret(args.pki.ca_certificate.apply(written))


def _texts(files: Mapping[str, pulumi.Input[str]]) -> dict[str, str]:
    texts = {name: text for name, text in files.items() if isinstance(text, str)}
    if len(texts) < len(files):
        raise TypeError(f"{sorted(set(files) - set(texts))} is not plain, and a machine cannot wait for it")
    return texts

"""The other side: a program that registers plain remote Commands and nothing else."""

from __future__ import annotations

#: Each has what SSH needs (a host, its key, a login key that is secret), something to do and something to undo.
PROGRAM = """
from pathlib import Path

import pulumi
from pulumi_command import remote

config = pulumi.Config()
key = pulumi.Output.secret(Path(config.require("key")).read_text())
for number in range(config.require_int("commands")):
    remote.Command(
        f"host-{number}-run",
        connection=remote.ConnectionArgs(
            host=f"10.{number // 62500}.{number // 250 % 250}.{number % 250 + 1}",
            port=22,
            user="root",
            private_key=key,
            host_key=config.require("hostKey"),
        ),
        create="exec true",
        delete="exec true",
    )
"""
#: The project's file without the keys that it asks for.
PROJECT = """
name: kubeadm-ha
runtime: {name: python, options: {virtualenv: .venv}}
"""

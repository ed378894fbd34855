"""Runs steps as hosts do, by the line that is sent over SSH, in private mount and network namespaces of this machine.

The folders that a step writes to (/run, /var/lib, /var/log, /etc, /root) are in memory and gone afterwards.
Commands that would touch more are fakes: scripts in a folder before PATH that write down how they were called.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from components import remote
from components.host import Host, SshAccess

HOST = Host("node-1", "192.0.2.1", SshAccess("192.0.2.1", 22, "root", "ssh-ed25519 AAAA"))
#: The machine's own folders are covered, one tmpfs each; /etc has what commands need to start.
_COVER = r"""
set -eu
mount -t tmpfs -o mode=755 tmpfs /mnt
cp -a /etc/passwd /etc/group /etc/nsswitch.conf /etc/ld.so.cache /etc/alternatives /mnt
printf 'ID=debian\nVERSION_CODENAME=bookworm\n' >/mnt/os-release
mount --bind /mnt /etc
for folder in /var/lib /var/log /root /run; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
rm -rf /run/mount
"""


@dataclass(frozen=True)
class Result:
    """What a step did."""

    status: int
    output: str
    """Its standard output."""
    error: str
    """Its standard error."""
    left: list[str]
    """What is in /run afterwards, locks aside."""
    seen: str
    """What `after` printed."""
    calls: list[str]
    """How the fakes were called, one line each."""


@dataclass
class Sandbox:
    """A host to be: fakes, what is there before a step, and what is looked at afterwards."""

    folder: Path
    fakes: dict[str, str] = field(default_factory=dict)
    """Shell text by command name, for instance `exit 1`."""
    before: str = ""
    """Shell text that runs first, in the same namespace."""
    after: str = ""
    """Shell text that runs last, in the same namespace."""
    shell: str = "sh"
    """The login shell."""

    def step(
        self,
        script: str,
        inputs: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        deadline_seconds: int = 30,
        host: Host = HOST,
    ) -> Result:
        """Run shell text as a step, with the libraries of scripts/ beside it."""
        libraries = {f"lib/{path.name}": path.read_text() for path in (remote.SCRIPTS / "lib").glob("*.sh")}
        step = remote.Step("test", inputs=inputs or {}, deadline_seconds=deadline_seconds)
        bundle = remote.pack({**libraries, "test.sh": script, **(files or {})})
        return self.line(remote.command_line(host, step, "test"), bundle)

    def script(self, name: str, inputs: Mapping[str, str], files: Mapping[str, str] | None = None) -> Result:
        """Run a script of scripts/ as it is."""
        step = remote.Step(name, inputs=inputs, files=files or {}, deadline_seconds=30)
        bundle = remote.bundle(step)
        assert isinstance(bundle, str)
        return self.line(remote.command_line(HOST, step, name), bundle)

    def line(self, line: str, stdin: str | bytes) -> Result:
        """Run a command line as sshd would, with the login shell."""
        commands, calls = self.folder / "bin", self.folder / "calls"
        commands.mkdir(exist_ok=True)
        calls.write_text("")
        for name, text in self.fakes.items():
            fake = commands / name
            fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>{shlex.quote(str(calls))}\n{text}\n')
            fake.chmod(0o755)
        left, seen = self.folder / "left", self.folder / "seen"
        program = f"""{_COVER}
            set +e
            {{ {self.before or ":"}
            }} </dev/null
            {self.shell} -c "$1"
            status=$?
            find /run -mindepth 1 ! -path '/run/lock*' >{shlex.quote(str(left))}
            {{ {self.after or ":"}
            }} </dev/null >{shlex.quote(str(seen))} 2>&1
            exit $status"""
        done = subprocess.run(
            [*namespace(), "sh", "-c", program, "sh", line],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            timeout=120,
            check=False,
            cwd="/",
            env={"PATH": f"{commands}:{os.environ['PATH']}", "HOME": "/root", "LC_ALL": "C.UTF-8"},
        )
        assert left.exists(), f"these tests need private namespaces, so run them as root: {done.stderr.decode()}"
        return Result(
            status=done.returncode,
            output=done.stdout.decode(),
            error=done.stderr.decode(),
            left=left.read_text().splitlines(),
            seen=seen.read_text(),
            calls=calls.read_text().splitlines(),
        )


def namespace() -> list[str]:
    """Return the command that runs another one in namespaces of its own, as root there."""
    return ["unshare", "--mount", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]

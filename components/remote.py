"""Steps that run on hosts over SSH: the only importer of pulumi_command.

What is sent is one line that unpacks standard input into a private folder on the host and starts the step's script
there. Scripts and files travel through standard input, so that neither an error message nor `ps` ever shows more than
the step's name and its plain inputs. Scripts are in an archive, without their comments: what a preview of a thousand
hosts carries is most of what it costs, and a comment that is put right is no change of a cluster.
"""

from __future__ import annotations

import base64
import gzip
import re
import shlex
import tarfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
from pulumi_command import remote

from components.host import Host, SshAccess

SCRIPTS = Path(__file__).parent.parent / "scripts"
_SOURCED = re.compile(r"^ *\. (lib/[a-z-]+\.sh)$", re.MULTILINE)
#: A here-document, which is kept, or a line of comment.
_COMMENT = re.compile(r"(?P<kept><<'?(?P<end>[A-Z]+)'?$.*?^(?P=end)$)|^ *#(?!!)[^\n]*\n", re.MULTILINE | re.DOTALL)

#: Attempts to reach sshd. With the plugin's back-off, a refused connection is given up after about two minutes:
#: longer than a reboot, shorter than patience.
DIAL_ATTEMPTS = 24
DIAL_TIMEOUT_SECONDS = 10

# What runs on the host: standard input begins with the size of scripts/lib/unpack.sh and that script, which is called
# with the step's script as $0 and its inputs as arguments. It takes a sequence of `<name> <bytes>` lines, each followed
# by that many bytes, and `. 0` at the end: when a connection drops half-way, nothing runs. The file `scripts` is an
# archive of the script and what it sources. /run is memory: nothing secret reaches a disk.
RECEIVE = 'set -euo pipefail; read -r size; eval "$(head -c "$size")"; unpack "$@"'


@dataclass(frozen=True)
class Step:
    """One script of scripts/, how to undo it, and what it gets."""

    run: str
    """Script that brings the host to the wanted state; runs again on every change, so it is idempotent."""
    undo: str | None = None
    """Script that takes it back, run when the step is removed. A step that has one belongs to its host: when the host's
    address is another one, it is taken back on the old host and run on the new one."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Plain variables of both scripts. They show in previews, in errors and in `ps`: nothing secret."""
    when_created: Mapping[str, str] | None = None
    """Further inputs of the run that creates the step, kept as they were then: no later run has them, and another value
    is no change. None when there is nothing to remember."""
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Files beside the script, by relative name, mode 0600, in memory, gone when the script ends."""
    deadline_seconds: int = 600
    """After this the script is ended, and the step has failed."""
    cleans: bool = False
    """`undo` cleans the host and means nothing to anybody else: where its machine goes, it is not run."""


class RemoteScript(remote.Command):
    """A step on a host. Its `stdout` is what the script prints as its product."""

    def __init__(self, name: str, host: Host, step: Step, opts: pulumi.ResourceOptions | None = None) -> None:
        # Nothing can be run on a lost host. Its steps that are in the state ignore this and stay as they were; one that
        # never was, since the host was lost half-way, is then created without effect, on the host that acts for it.
        run = "exec true" if host.lost else command_line(host, step, step.run)
        super().__init__(
            name,
            connection=_connection(host),
            create=run if host.lost or not step.when_created else command_line(host, step, step.run, created=True),
            # Unless there is something to remember of the creation, an update runs the same again.
            update=None if host.lost or step.when_created is None else run,
            delete=command_line(host, step, step.undo) if step.undo and not host.lost else None,
            stdin=None if host.lost else bundle(step),
            triggers=[host.address] if step.undo else None,
            # The default would hand the last run's output to the next one through the environment, which stock sshd
            # refuses.
            add_previous_output_in_env=False,
            logging=remote.Logging.NONE,
            opts=_options(host, step, opts),
        )


def _options(host: Host, step: Step, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions | None:
    if host.lost:
        return _lost(opts)
    if host.machine is not None:
        opts = _on_machine(host, host.machine, step, opts)
    return _remembering(opts) if step.when_created is not None else opts


def _on_machine(
    host: Host, machine: pulumi.Resource, step: Step, opts: pulumi.ResourceOptions | None
) -> pulumi.ResourceOptions:
    """Return options for a step on a machine that is made, and ends, with the cluster.

    A node that leaves a cluster which lives on has to say so, also when its machine is ended right after it.
    """
    ends_with = machine if step.cleans else host.ground
    made = pulumi.ResourceOptions(depends_on=[machine], deleted_with=ends_with)
    return pulumi.ResourceOptions.merge(opts or pulumi.ResourceOptions(), made)


def _lost(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Return options for a host that answers nothing: its steps go without being undone."""
    lost = pulumi.ResourceOptions(ignore_changes=["*"], retain_on_delete=True)
    return pulumi.ResourceOptions.merge(opts or pulumi.ResourceOptions(), lost)


def _remembering(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Return options for a step whose creation had inputs of its own."""
    kept = pulumi.ResourceOptions(ignore_changes=["create"])
    return pulumi.ResourceOptions.merge(opts or pulumi.ResourceOptions(), kept)


def command_line(host: Host, step: Step, script: str, *, created: bool = False) -> str:
    """Return the line that the host's login shell runs for `script`.

    The script is bounded on the host, since neither a lost connection nor Ctrl-C ends it there.
    """
    sudo = [] if host.ssh.user == "root" else ["sudo", "-n"]
    second = {"NODE_ADDRESS6": host.address6} if host.address6 else {}
    values = {"STEP": script, "NODE_NAME": host.name, "NODE_ADDRESS": host.address, **second, **step.inputs}
    values |= (step.when_created or {}) if created else {}
    words = [*sudo, "timeout", "--kill-after=20", str(step.deadline_seconds), "bash", "-c", RECEIVE, f"{script}.sh"]
    return " ".join(
        ["exec", *map(shlex.quote, words), *(f"{key}={shlex.quote(value)}" for key, value in values.items())]
    )


def bundle(step: Step) -> pulumi.Output[str] | str:
    """Return standard input: the archive of scripts, then the files, each after a line with its name and size."""
    scripts = {"scripts": archive(step.run, step.undo)}
    awaited = {name: content for name, content in step.files.items() if not isinstance(content, str)}

    def packed(texts: Mapping[str, str]) -> str:
        return pack({**scripts, **step.files, **texts})  # type: ignore[dict-item]  # texts has all that are not plain

    # Each value that goes through Pulumi costs time, also in a preview: the plain ones do not.
    match list(awaited.items()):
        case []:
            return packed({})
        case [(name, pulumi.Output() as content)]:
            return content.apply(lambda text: packed({name: text}))
    return pulumi.Output.all(**awaited).apply(packed)


def alone(step: Step, files: Mapping[str, str], told: Collection[str] = ()) -> dict[str, Any]:
    """Return a step as a machine runs it by itself, in plain values; `told` are files that it completes before."""
    return {
        "script": step.run,
        "seconds": step.deadline_seconds,
        "inputs": dict(step.inputs),
        "files": {"scripts": archive(step.run, None), **files},
        "told": sorted(told),
    }


def receiving() -> dict[str, str]:
    """Return what runs such a step: the line that a shell is given, and what standard input begins with."""
    return {"receive": RECEIVE, "unpack": _unpack()}


@cache
def archive(run: str, undo: str | None) -> str:
    """Return a tar archive of a step's scripts and of what they source, gzip in base64; the same every time."""
    names, todo = set[str](), [f"{script}.sh" for script in (run, undo) if script]
    while todo:
        name = todo.pop()
        if name not in names:
            names.add(name)
            todo += _entry(name)[1]
    plain = b"".join(_entry(name)[0] for name in sorted(names)) + bytes(2 * tarfile.BLOCKSIZE)  # the end of one
    plain += bytes(-len(plain) % tarfile.RECORDSIZE)
    return base64.b64encode(gzip.compress(plain, mtime=0)).decode()


@cache
def _entry(name: str) -> tuple[bytes, list[str]]:
    """Return a script as an archive holds it, and what it sources; most are in several archives."""
    text = plain_script(name)
    content = text.encode()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    packed = entry.tobuf() + content + bytes(-len(content) % tarfile.BLOCKSIZE)
    return packed, _SOURCED.findall(text)


def plain_script(name: str) -> str:
    """Return a script without its lines of comment; the others are as they are in scripts/."""
    return _COMMENT.sub(lambda found: found["kept"] or "", (SCRIPTS / name).read_text())


def pack(files: Mapping[str, str]) -> str:
    """Return standard input: what unpacks the rest, then for each file a line `<name> <size in bytes>` and its content.

    Raises ValueError for a name that is not a plain relative path.
    """
    for name in files:
        if name.startswith("/") or ".." in name or any(c.isspace() for c in name):
            raise ValueError(f"{name!r} cannot be the name of a file beside a script")
    return _unpack() + "".join(f"{name} {len(text.encode())}\n{text}" for name, text in files.items()) + ". 0\n"


@cache
def _unpack() -> str:
    text = plain_script("lib/unpack.sh")
    return f"{len(text.encode())}\n{text}"


def _connection(host: Host) -> remote.ConnectionArgs:
    through = host.ssh.bastion
    proxy: dict[str, Any] = {} if through is None else {"proxy": remote.ProxyConnectionArgs(**_access(through))}
    return remote.ConnectionArgs(**_access(host.ssh), **proxy)


def _access(ssh: SshAccess) -> dict[str, Any]:
    # The command takes all of it as one secret: to wrap the key once more would change nothing but the time it takes.
    key = {} if ssh.private_key is None else {"private_key": ssh.private_key}
    return {
        "host": ssh.address,
        "port": ssh.port,
        "user": ssh.user,
        "host_key": ssh.host_key,
        "dial_error_limit": DIAL_ATTEMPTS,
        "per_dial_timeout": DIAL_TIMEOUT_SECONDS,
        **key,
    }

"""Both programs as stacks of their own, and what their previews say."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import yaml

from lab.layout import TREE
from tests.benchmark import bare, shapes
from tests.benchmark.stopwatch import Measured, measure
from tests.integration.site import Site
from tests.unit import certificates
from tests.unit.clusters import HOST_KEY

TOTAL = re.compile(r"^\s+[+~]?\s*(?P<count>\d+) (?:to create|unchanged)$", re.MULTILINE)
STEP = re.compile(r"command:remote:Command (worker-\d+)-(\S+)")


class BenchmarkError(Exception):
    """A preview could not be measured."""


def libraries(folder: Path) -> Path:
    """Return an environment with what the program needs and no more, as its users have it.

    With that of the tests a preview would look for the plugin of every Pulumi library in it, used or not: seconds that
    both programs would take alike, and that would make the ratio look better than it is.
    """
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin/pip"), "install", "--quiet", "-r", str(TREE / "requirements.txt")],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchmarkError(f"{' '.join(command)} failed:\n{done.stderr}")
    return folder


def ours(nodes: int, folder: Path, environment: Path) -> Site:
    """Return a stack of the program with a cluster file of so many nodes, nothing deployed."""
    site = _site(folder, environment)
    site.configure(shapes.cluster(nodes, folder))
    return site


def plain(commands: int, folder: Path, environment: Path) -> Site:
    """Return a stack of the bare program with so many commands, nothing deployed."""
    site = _site(folder, environment, bare.PROGRAM)
    (site.project / "Pulumi.yaml").unlink()
    (site.project / "Pulumi.yaml").write_text(bare.PROJECT)
    key = folder / "id"
    key.write_text(certificates.private_pem("login"))
    file = site.project / "Pulumi.dev.yaml"
    settings = yaml.safe_load(file.read_text()) if file.exists() else {}
    values = {"commands": commands, "key": str(key), "hostKey": f"ssh-ed25519 {HOST_KEY}"}
    settings["config"] = {f"kubeadm-ha:{key}": value for key, value in values.items()}
    file.write_text(yaml.safe_dump(settings))
    return site


def deploy(site: Site) -> None:
    """Bring a stack up with the plugin that runs nothing."""
    folder = site.folder / "bin"
    folder.mkdir()
    program = folder / "pulumi-resource-command"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{TREE}" exec "{sys.executable}" -P -m tests.benchmark.plugin "$@"\n')
    program.chmod(0o755)
    # The state is written once, not after each of two thousand resources.
    changed = {"PATH": f"{folder}:{site.environment['PATH']}", "PULUMI_SKIP_CHECKPOINTS": "true"}
    run(site, "up", "--yes", "--skip-preview", "--suppress-outputs", environment=changed)


def preview(site: Site) -> Measured:
    """Preview a stack, as a user does, and measure it."""
    return run(site, "preview")


def run(site: Site, *words: str, environment: dict[str, str] | None = None) -> Measured:
    """Run pulumi on a stack. Raises BenchmarkError with the end of what it printed when it fails."""
    command = ["pulumi", "--non-interactive", "-C", str(site.project), *words]
    done = measure(command, site.environment | (environment or {}), site.folder / "log")
    if done.status:
        raise BenchmarkError(f"pulumi {' '.join(words)} failed:\n{done.output[-3000:]}")
    return done


def resources(output: str) -> int:
    """Return how many resources a preview shows; all of them are new, or all are as they were."""
    found = TOTAL.findall(output)
    if len(found) != 1:
        raise BenchmarkError(f"a preview that should make everything, or nothing, does not:\n{output[-3000:]}")
    return int(found[0])


def worker_resources(output: str) -> int:
    """Return the most resources that any worker has in a preview of a new stack."""
    steps = {match.groups() for match in STEP.finditer(output)}
    return max(Counter(worker for worker, _ in steps).values(), default=0)


def _site(folder: Path, environment: Path, program: str | None = None) -> Site:
    folder.mkdir(parents=True)
    site = Site(folder, program)
    (site.project / ".venv").unlink()
    (site.project / ".venv").symlink_to(environment)
    site.environment["PATH"] = f"{environment / 'bin'}:{site.environment['PATH']}"
    return site

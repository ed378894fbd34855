"""The benchmark of previews, as far as it can be tested without measuring one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import rules
from components.machines.static import login_faults, static_hosts
from lab.layout import TREE
from tests.benchmark import figures, plugin, shapes, stacks, stopwatch
from tests.benchmark.figures import ENGINE, PYTHON, Point
from tests.benchmark.stopwatch import Measured
from tests.unit import certificates

PREVIEW = """
 +  pulumi:pulumi:Stack kubeadm-ha-dev create
 +  command:remote:Command worker-1-prepare create
 +  command:remote:Command worker-2-prepare create warning: slow
 +  command:remote:Command worker-1-join create
@ previewing update....
 +  command:remote:Command worker-1-join create

Resources:
    + 42 to create
"""


def measured(seconds: float, python: float = 0.0) -> Measured:
    """Return a run in which Python used all of the processor."""
    return Measured(seconds, {PYTHON: python, ENGINE: 1.0}, {PYTHON: python * 10, ENGINE: 100.0}, "", 0)


def point(nodes: int, ours: list[float], bare: list[float]) -> Point:
    """Return a size with runs of these durations."""
    return Point(nodes, nodes * 2 + 22, [measured(s, s) for s in ours], [measured(s, s) for s in bare])


@pytest.mark.parametrize(("nodes", "planes"), [(1, 1), (3, 1), (4, 3), (10, 3), (100, 3), (1000, 5)])
def test_a_file_of_any_size_is_valid(tmp_path: Path, nodes: int, planes: int) -> None:
    """It has as many nodes as were asked for, two balancers beside them, and a pinned key for every host."""
    cluster = rules.load(shapes.cluster(nodes, tmp_path), login_faults)
    assert len(cluster.control_plane.hosts) == planes
    assert planes + sum(len(pool.hosts) for pool in cluster.workers.values()) == nodes
    assert all(0 < len(pool.hosts) <= shapes.POOL for pool in cluster.workers.values())
    hosts = static_hosts(cluster)
    assert len(hosts) == nodes + shapes.BALANCERS
    assert len({host.address for host in hosts.values()}) == len(hosts)
    assert all(host.ssh.host_key for host in hosts.values())


def test_the_largest_file_is_one_that_pulumi_can_hand_on(tmp_path: Path) -> None:
    """Linux refuses a variable of more than 128 KiB, and the text is quoted twice on its way."""
    text = json.dumps(shapes.cluster(1000, tmp_path))
    assert len(json.dumps({"kubeadm-ha:cluster": text})) < 100_000


def test_what_a_preview_shows_is_counted() -> None:
    """The total is the engine's own; a step that is printed twice is one."""
    assert stacks.resources(PREVIEW) == 42
    assert stacks.resources("Resources:\n    42 unchanged\n") == 42
    assert stacks.worker_resources(PREVIEW) == 2
    assert stacks.worker_resources("nothing") == 0


@pytest.mark.parametrize("end", ["", "    + 1 to create\n    41 unchanged\n", "    ~ 2 to update\n"])
def test_another_kind_of_preview_is_not_measured(end: str) -> None:
    """One that does nothing, or something else than to make all or nothing, would be compared with the wrong thing."""
    with pytest.raises(stacks.BenchmarkError):
        stacks.resources(f"Resources:\n{end}")


def test_the_least_disturbed_runs_are_compared() -> None:
    """A busy machine only ever adds to a duration; the medians are told beside it."""
    size = point(10, [3.0, 1.1, 9.0], [1.0, 4.0, 2.0])
    assert size.ratio == pytest.approx(1.1)
    assert size.median_ratio == pytest.approx(1.5)


def test_a_straight_line_has_no_growth() -> None:
    """What every preview costs at its start does not count; twice as much for each further node does."""
    assert figures.growth([point(n, [1 + n * 0.01], [1]) for n in (1, 10, 100, 1000)]) == pytest.approx([1, 1])
    assert figures.growth([point(n, [s], [1]) for n, s in ((0, 1), (10, 2), (20, 4))]) == pytest.approx([2])
    assert figures.growth([point(1, [1], [1]), point(10, [2], [1])]) == []


def test_every_target_is_judged() -> None:
    """At the bound it holds, beyond it is missed."""
    sizes = [point(1, [1.2], [1.0]), point(11, [2.5], [2.0]), point(21, [5.0], [5.0])]
    judged = figures.targets(sizes, worker_resources=2, checks_seconds=1.5)
    assert [target.holds for target in judged] == [True, False, True, False, True, False]
    assert str(judged[1]) == "MISSED  11 nodes, in durations of the bare program: 1.25, at most 1.2"
    assert str(judged[4]) == "holds   resources a worker: 2, at most 2"


def test_the_table_has_a_line_for_each_size() -> None:
    """Durations, ratios, processor and memory stand under their heads."""
    rows = figures.table([point(1, [1.2, 3.0], [1.0, 2.0]), point(1000, [30], [25])]).splitlines()
    assert len(rows) == 4
    assert rows[2].split() == [
        *("1", "24", "1.20", "(", "2.10)", "1.00", "(", "1.50)", "1.20", "1.40", "2.2", "2.0"),
        *("30", "(", "20)", "100", "(100)"),
    ]
    assert len(rows[2]) == len(rows[3])


def test_a_command_s_memory_and_processor_are_its_own(tmp_path: Path) -> None:
    """The peak is seen although it is given back, under the name of the script that an interpreter runs."""
    script = tmp_path / "eat.py"
    script.write_text(
        "import time\nheld = bytearray(64 << 20)\ndel held\nend = time.process_time() + 0.5\n"
        "while time.process_time() < end: pass\ntime.sleep(0.3)\nprint('done')\nraise SystemExit(3)\n"
    )
    done = stopwatch.measure([sys.executable, str(script)], os.environ, tmp_path / "log")
    assert (done.status, done.output) == (3, "done\n")
    assert 64 <= done.memory["eat.py"] < 128
    assert 0.4 <= done.processor_seconds["eat.py"] < 2
    assert done.seconds >= 0.8


def test_an_interrupted_command_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stops the benchmark has no preview left that goes on."""
    started: list[Any] = []
    wait = subprocess.Popen.wait

    def interrupted(process: Any, timeout: float | None = None) -> int:
        if process not in started:
            started.append(process)
            raise KeyboardInterrupt
        return int(wait(process, timeout))

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stopwatch.measure(["sleep", "60"], os.environ, tmp_path / "log")
    assert started[0].returncode == -signal.SIGTERM


def test_a_process_that_is_gone_tells_nothing() -> None:
    """It may end between the list and the look."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert stopwatch.look(gone.pid) is None


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["/usr/bin/pulumi", "preview", ""], "pulumi"),
        (["/tree/.venv/bin/python3", "-u", "/cache/exec", "--project", "x", ""], "exec"),
        (["python3", "-m", "pip", "list"], "pip"),
        (["", ""], ""),
    ],
)
def test_programs_have_short_names(words: list[str], name: str) -> None:
    """Of an interpreter the script counts."""
    assert stopwatch.program(words) == name


def test_the_plugin_that_runs_nothing_answers_like_hosts() -> None:
    """A prepared host prints its own request, a control plane the ends of its certificates, others nothing."""
    assert plugin.printed({"STEP": "prepare-node", "NODE_NAME": "worker-7"}) == certificates.prepared("worker-7")
    assert "apiserver" in json.loads(plugin.printed({"STEP": "join-control-plane", "NODE_NAME": "cp-1"}))
    assert plugin.printed({}) == plugin.printed({"STEP": "join-worker", "NODE_NAME": "worker-7"}) == ""


def test_the_checks_are_timed(tmp_path: Path) -> None:
    """Each part has its seconds, in a process of its own that gets a cluster file."""
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump(shapes.cluster(10, tmp_path)))
    command = [sys.executable, "-m", "tests.benchmark.checks", str(file)]
    seconds = json.loads(subprocess.run(command, cwd=TREE, capture_output=True, check=True).stdout)
    assert list(seconds) == ["validation", "hosts", "plan", "transition"]
    assert all(0 < value < 30 for value in seconds.values())

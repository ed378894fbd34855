"""The benchmark, as far as it can be tested without hosts: time lines, figures, what the engine and nft say."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.benchmark import contest, dials, events, figures, files, timeline
from lab.benchmark.figures import Run
from lab.benchmark.timeline import Span
from lab.layout import TREE

HOSTS = {"lb-1": "10.77.0.2", "cp-1": "10.77.0.11", "worker-1": "10.77.0.21"}


def run(seconds: float, *spans: Span, dialled: int = 0, resources: int = 0) -> Run:
    """Return a run with one worker."""
    return Run(seconds, spans, {"worker-1": dialled}, {"worker-1": resources})


def test_a_time_line_has_a_line_for_each_phase_and_place() -> None:
    """Phases come in the order they begin in, places by name, and every bar is at its time."""
    spans = [
        Span("join", "worker-1", 8, 10),
        Span("prepare", "worker-1", 0.5, 4),
        Span("prepare", "cp-1", 0, 5),
    ]
    assert timeline.chart(spans, 10, columns=20).splitlines() == [
        "phase    place     |0        |5          begin    end   took",
        "prepare  cp-1      ##########              0.0    5.0    5.0",
        "prepare  worker-1   #######                0.5    4.0    3.5",
        "join     worker-1                  ####    8.0   10.0    2.0",
    ]


@pytest.mark.parametrize("seconds", [0.0, 0.4, 7.0, 61.3, 5000.0])
def test_a_time_line_keeps_its_width(seconds: float) -> None:
    """No duration, however short or long, breaks the columns."""
    spans = [Span("a", "x", 0, seconds), Span("b", "x", seconds, seconds), Span("b", "y", seconds, seconds + 1)]
    widths = {len(line) for line in timeline.chart(spans, seconds).splitlines()}
    assert len(widths) == 1 if seconds < 1000 else len(widths) <= 2


def test_a_phase_lasts_from_its_first_begin_to_its_last_end() -> None:
    """Hosts together make one span."""
    whole = timeline.together([Span("join", "a", 2, 3), Span("join", "b", 1, 2.5), Span("init", "a", 0, 1)])
    assert whole == {"init": Span("init", "-", 0, 1), "join": Span("join", "-", 1, 3)}


def test_figures_are_of_the_medians() -> None:
    """One slow run does not decide."""
    ups, hands = [run(50), run(200), run(60)], [run(40), run(50), run(48)]
    assert figures.ratio(ups, hands) == 60 / 48
    assert figures.summary("up", ups) == "up       50.0  200.0  60.0   min 50.0  median 60.0  max 200.0 s"


def test_every_target_is_judged() -> None:
    """At the bound it holds, beyond it is missed; counts are those of the worst run."""
    ups = [run(50, dialled=2, resources=2), run(50, dialled=3, resources=2)]
    held = figures.targets(ups, [run(40), run(40)], ["worker-1"])
    assert [target.holds for target in held] == [True, True, False]
    assert str(held[2]) == "MISSED  dials a worker: 3, at most 2"
    assert str(held[0]) == "holds   duration of up, in durations of the script: 1.25, at most 1.25"


def test_phases_of_both_are_side_by_side() -> None:
    """A phase that only one side has leaves the other side's columns empty."""
    table = figures.phases(
        [run(9, Span("init", "cp-1", 1, 4))], [run(9, Span("init", "cp-1", 1, 3), Span("r", "a", 3, 4))]
    )
    rows = [line.split() for line in table.splitlines()[2:]]
    assert rows == [["init", "1.0", "4.0", "3.0", "1.0", "3.0", "2.0"], ["r", "-", "3.0", "4.0", "1.0"]]


def event(kind: str, name: str, type_: str, connection: Any = None, op: str = "create") -> dict[str, Any]:
    """Return an event of the engine."""
    urn = f"urn:pulumi:dev::kubeadm-ha::{type_}::{name}"
    new = {"inputs": {"connection": connection} if connection else {}}
    return {kind: {"metadata": {"op": op, "urn": urn, "type": type_, "new": new}}}


def test_the_engine_s_events_become_spans() -> None:
    """A command is a phase at its host, a connection that is hidden goes by the name; the rest is local."""
    at = {"host": "10.77.0.11"}
    seen = [
        (102.0, event("resourcePreEvent", "dev-ca-key", "tls:index/privateKey:PrivateKey")),
        (102.5, event("resOutputsEvent", "dev-ca-key", "tls:index/privateKey:PrivateKey")),
        (103.0, event("resourcePreEvent", "dev-init", events.COMMAND, at)),
        (103.5, event("resourcePreEvent", "worker-1-join", events.COMMAND, "[secret]")),
        (105.0, event("resOutputsEvent", "dev-init", events.COMMAND, at)),
        (106.0, event("resOutputsEvent", "worker-1-join", events.COMMAND, "[secret]")),
        (106.0, {"summaryEvent": {}}),
    ]
    names = {address: name for name, address in HOSTS.items()}
    assert timeline.ordered(events.spans(seen, 100.0, 107.0, names)) == [
        Span("start", "-", 0, 2),
        Span("authorities", "-", 2, 2.5),
        Span("init", "cp-1", 3, 5),
        Span("join", "worker-1", 3.5, 6),
        Span("finish", "-", 6, 7),
    ]
    assert events.resources(seen, HOSTS) == {"lb-1": 0, "cp-1": 0, "worker-1": 1}


def test_the_pipe_stamps_events_and_ends(tmp_path: Path) -> None:
    """What a writer says in lines is collected in order, other lines are passed over, and close ends it."""
    pipe = events.EventPipe(tmp_path / "events")
    said = [event("resourcePreEvent", "a", "t"), {"diagnosticEvent": {}}, event("resOutputsEvent", "a", "t")]
    pipe.path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in said))
    seen = pipe.close()
    assert [next(iter(e)) for _, e in seen] == ["resourcePreEvent", "resOutputsEvent"]
    assert seen[0][0] <= seen[1][0]
    assert not (tmp_path / "events").exists()


def test_the_script_s_stamps_become_spans() -> None:
    """Begin and end of a phase at a place belong together, whatever comes between; one without an end is left out."""
    text = "10.5 begin prepare a\n11.0 begin prepare b\n12.0 end prepare b\n12.5 end prepare a\n13 begin init a\n"
    assert contest.stamped(text, 10.0) == [Span("prepare", "b", 1.0, 2.0), Span("prepare", "a", 0.5, 2.5)]


def test_dials_are_counted_by_host() -> None:
    """Each address has a rule, and what nft prints is read back by host."""
    rules = dials.ruleset(HOSTS)
    assert 'ip daddr 10.77.0.21 tcp dport 22 tcp flags & (syn | ack) == syn counter comment "worker-1"' in rules
    expression = [{"match": {}}, {"counter": {"packets": 2, "bytes": 120}}]
    listed = {"nftables": [{"metainfo": {}}, {"rule": {"comment": "worker-1", "expr": expression}}]}
    assert dials.counts(json.dumps(listed)) == {"worker-1": 2}


def test_a_stack_with_resources_is_seen(tmp_path: Path) -> None:
    """An empty stack does not count, one with resources does."""
    folder = tmp_path / ".pulumi" / "stacks" / "kubeadm-ha"
    folder.mkdir(parents=True)
    for name, latest in (("dev", {"resources": [{}, {}]}), ("new", None), ("gone", {"resources": []})):
        (folder / f"{name}.json").write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))
    assert contest.resources_in(tmp_path) == {"dev": 2}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of stack dev, as the script written by hand gets them."""
    key = tmp_path / "packages.asc"
    key.write_text("a key\n")
    document = yaml.safe_load((TREE / "Pulumi.dev.yaml").read_text())
    for repository in document["config"]["kubeadm-ha:cluster"]["packages"].values():
        repository["key"] = {"file": str(key)}
    (tmp_path / "stack.yaml").write_text(yaml.safe_dump(document))
    made = tmp_path / "files"
    made.mkdir()
    files.write(files.load_cluster(tmp_path / "stack.yaml"), made)
    return made


def by_hand(folder: Path, failing: str = "nobody") -> tuple[int, list[Span]]:
    """Run the script with an ssh that does nothing, or fails at one host's join; return its status and its spans."""
    programs = folder.parent / "bin"
    programs.mkdir()
    (programs / "ssh").write_text(
        "#!/usr/bin/env bash\nwords=\"$*\"; sent=$(tr -d '\\0')\n"
        f'if [[ $words == *{failing}* && $sent == *"kubeadm join"* ]]; then exit 1; fi\n'
        "[[ $words == *-O\\ exit* ]] || sleep 0.02\n"
    )
    (programs / "ssh").chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    command = [str(contest.SCRIPT), str(folder), "ssh_config"]
    done = subprocess.run(command, env=environment, timeout=60, capture_output=True, check=False)
    return done.returncode, contest.stamped((folder / "times").read_text(), 0.0)


def test_the_script_keeps_the_order_that_matters(folder: Path) -> None:
    """The balancers are there before the cluster, it is there before anyone joins, control planes join in turn."""
    status, spans = by_hand(folder)
    assert status == 0
    at = {(span.phase, span.place): span for span in spans}
    assert len(at) == 1 + 2 + 5 + 1 + 1 + 4 + 1  # authorities, balance, prepare, init, network, join, ready
    assert at["init", "cp-1"].begin >= max(at["balance", "lb-1"].end, at["balance", "lb-2"].end)
    assert at["join", "worker-1"].begin >= at["init", "cp-1"].end
    assert at["join", "cp-3"].begin >= at["join", "cp-2"].end
    assert at["ready", "cp-1"].begin >= max(span.end for span in spans if span.phase == "join")


def test_the_script_ends_when_a_host_fails(folder: Path) -> None:
    """Nobody waits ten minutes for a host that has failed."""
    status, spans = by_hand(folder, failing="cp-2")
    assert status != 0
    assert ("join", "cp-3") not in {(span.phase, span.place) for span in spans}


def test_the_script_gets_the_program_s_own_files(folder: Path) -> None:
    """Every host has its files; only the way of joining differs from what the program renders."""
    golden = TREE / "tests" / "golden" / "dev"
    assert (folder / "lb-2" / "keepalived.conf").read_text() == (golden / "lb-2-balance/keepalived.conf").read_text()
    assert (folder / "worker-1" / "images").read_text() == (golden / "worker-1-prepare/images").read_text()
    assert (folder / "cp-3" / "keys" / "containerd.asc").read_text() == "a key\n"
    ours = list(yaml.safe_load_all((golden / "dev-init/kubeadm.yaml").read_text()))
    theirs = list(yaml.safe_load_all((folder / "cp-1" / "kubeadm.yaml").read_text()))
    token = theirs[0].pop("bootstrapTokens")[0]["token"]
    assert theirs == ours
    join = yaml.safe_load((folder / "worker-2" / "kubeadm.yaml").read_text())
    assert join["discovery"]["bootstrapToken"]["token"] == token
    assert (folder / "settings").stat().st_mode & 0o777 == 0o600

"""Which steps carry the user's own scripts, and what a plan says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.plan import as_text, plan_for, snapshot
from components.plan.snapshot import digest
from tests.unit import clusters, monitor, transitions
from tests.unit.transitions import edited, put


def carried(program: monitor.Program, name: str) -> dict[str, str]:
    """Return the hook files of a step."""
    files = monitor.unpacked(program[name].plain("stdin"))
    return {path: text for path, text in files.items() if path.startswith("hooks/")}


def hooked(dev: clusters.File, folder: Path, **hooks: Any) -> clusters.File:
    """Return the cluster file with hooks, each of which names `hook.sh`."""
    file = folder / "my hook.sh"
    file.write_text("#!/bin/sh\necho on\n")
    listed = {time: [{"file": str(file), **more} for more in entries] for time, entries in hooks.items()}
    return edited(dev, put("hooks", listed))


def test_steps_carry_the_hooks_of_their_nodes(dev: clusters.File, tmp_path: Path) -> None:
    """The start too, since there is no node before it; each with the group it is of."""
    file = hooked(
        dev, tmp_path, beforeJoin=[{}, {"on": ["default"], "timeoutSeconds": 9}], afterJoin=[{"on": ["controlPlane"]}]
    )
    program = monitor.run_program(file)
    planes = {
        "hooks/before-join": "300 01-my-hook.sh\n",
        "hooks/before-join.d/01-my-hook.sh": "#!/bin/sh\necho on\n",
        "hooks/after-join": "300 01-my-hook.sh\n",
        "hooks/after-join.d/01-my-hook.sh": "#!/bin/sh\necho on\n",
        "hooks/group": "controlPlane\n",
    }
    assert carried(program, "dev-init") == carried(program, "cp-2-join") == planes
    worker = carried(program, "worker-1-join")
    assert worker["hooks/before-join"] == "300 01-my-hook.sh\n9 02-my-hook.sh\n"
    assert worker["hooks/group"] == "default\n"
    assert "hooks/after-join" not in worker
    assert carried(program, "dev-nodes") == {}
    assert "dev-after-up" not in program.commands


def test_steps_wait_for_their_hooks(dev: clusters.File, tmp_path: Path) -> None:
    """Their deadline is longer by what hooks may take."""

    def deadline(file: clusters.File) -> int:
        return int(monitor.run_program(file)["worker-1-join"].plain("create").split()[3])

    assert deadline(hooked(dev, tmp_path, beforeJoin=[{"timeoutSeconds": 7}])) == deadline(dev) + 7


def test_what_is_done_at_the_end_waits_for_every_node(dev: clusters.File, tmp_path: Path) -> None:
    """Labels included; it has the administrator's kubeconfig."""
    program = monitor.run_program(hooked(dev, tmp_path, afterUp=[{}]))
    assert {"dev-nodes", "worker-2-join"} <= program.host_steps_before("dev-after-up")
    files = monitor.unpacked(program["dev-after-up"].plain("stdin"))
    assert {"admin.conf", "hooks/after-up", "hooks/after-up.d/01-my-hook.sh"} <= set(files)
    assert program["dev-after-up"].plain("delete") is None


def test_a_snapshot_says_no_path(dev: clusters.File, tmp_path: Path) -> None:
    """Where files lie belongs to whoever runs `up`."""
    kept = snapshot(transitions.load(hooked(dev, tmp_path, beforeJoin=[{}])))
    hook = {"name": "my hook.sh", "content": digest("#!/bin/sh\necho on\n")}
    assert kept["hooks"] == {"beforeJoin": [hook], "afterJoin": [], "afterUp": []}


def test_a_plan_names_a_new_hook(dev: clusters.File, tmp_path: Path) -> None:
    """It is run on nodes that run, too."""
    before = snapshot(transitions.load(dev))
    text = as_text(plan_for(before, transitions.load(hooked(dev, tmp_path, beforeJoin=[{}], afterUp=[{}]))))
    assert "my hook.sh of hooks.beforeJoin is run with the step of each node that it is for, those that run too" in text
    assert "those that run too: workers all at once." in text
    assert "my hook.sh of hooks.afterUp is run at the end, on one control plane." in text
    assert "Untouched: 2 load balancers." in text


def test_a_plan_names_a_hook_that_reads_otherwise(dev: clusters.File, tmp_path: Path) -> None:
    """Its name is as it was, and it is run again."""
    wanted = transitions.load(hooked(dev, tmp_path, afterUp=[{}]))
    before = snapshot(wanted)
    content = before["hooks"]["afterUp"][0]["content"]
    before["hooks"]["afterUp"][0]["content"] = digest("#!/bin/sh\necho off\n")
    lines = as_text(plan_for(before, wanted)).splitlines()
    assert lines[0] == "Plan for dev: hooks change."
    old = before["hooks"]["afterUp"][0]["content"]
    assert f"    hooks.afterUp: [my hook.sh {old[:15]}] -> [my hook.sh {content[:15]}]" in lines
    assert "       my hook.sh of hooks.afterUp is run again at the end, on one control plane." in lines


def test_hooks_of_before_their_content_was_kept_are_named_again(dev: clusters.File, tmp_path: Path) -> None:
    """Whether they read otherwise is not known."""
    wanted = transitions.load(hooked(dev, tmp_path, afterUp=[{}]))
    before = snapshot(wanted)
    before["hooks"]["afterUp"] = ["my hook.sh"]
    assert "my hook.sh of hooks.afterUp is run again" in as_text(plan_for(before, wanted))

"""What nodes carry is applied, and taken back when the file does not say it any more; what is somebody else's stays."""

from __future__ import annotations

from pathlib import Path

from tests.unit.sandbox import Result, Sandbox

CONTROL_PLANE = "node-role.kubernetes.io/control-plane=:NoSchedule"
LABEL = "node.kubernetes.io/exclude-from-external-load-balancers"
OURS = "kubelet,kubeadm-ha-nodes,"


def marked(tmp_path: Path, wanted: list[str], *there: tuple[str, str, str, str, str]) -> Result:
    """Run the step; `there` is name, takes-work, our taints, all taints and managers of each node."""
    rows = "".join("\\t".join(row) + "\\n" for row in there)
    kubectl = f"""
    case "$*" in
      *'get nodes'*) printf '{rows}' ;;
      *'apply '*) for last; do :; done; sed 's/^/  /' "$last" >>/run/applied ;;
    esac"""
    sandbox = Sandbox(tmp_path, fakes={"kubectl": kubectl}, after="cat /run/applied")
    names = [line.split()[0] for line in wanted]
    files = {
        "admin.conf": "",
        "nodes": "".join(f"{line}\n" for line in wanted),
        "nodes.yaml": "".join(f"node {name}\n" for name in names),
    }
    done = sandbox.script("mark-nodes", {}, files)
    done.calls[:] = [call.removeprefix("kubectl --request-timeout=15s ") for call in done.calls]
    return done


def changes(done: Result) -> list[str]:
    """Return what was changed, in order."""
    assert done.status == 0, done.error
    return [call for call in done.calls if not call.startswith("get ")]


def apply(name: str) -> str:
    """Return how a file is applied."""
    return f"apply --server-side --force-conflicts --field-manager kubeadm-ha-nodes -f {name}"


def test_nothing_is_done_where_nothing_is_wanted(tmp_path: Path) -> None:
    """A cluster without such keys has its nodes read, and no more."""
    assert changes(marked(tmp_path, [], ("a", "", "", "x=:NoSchedule,", "kubelet,"))) == []


def test_a_taint_is_remembered_before_it_is_set(tmp_path: Path) -> None:
    """An interruption between the two leaves a list with one too many, which costs nothing."""
    done = marked(tmp_path, ["a 192.0.2.1 no x=1:NoSchedule,y=:NoExecute"], ("a", "", "", "y=:NoExecute,", "kubelet,"))
    assert changes(done) == [apply("nodes.yaml"), "taint node a x=1:NoSchedule --overwrite"]


def test_a_taint_that_is_gone_is_taken_away_before_it_is_forgotten(tmp_path: Path) -> None:
    """Those that others have set stay, also under the same key with another effect."""
    there = (
        "a",
        "",
        "x=1:NoSchedule,y=:NoExecute",
        "x=1:NoSchedule,x=1:NoExecute,node.kubernetes.io/z=:NoExecute,",
        OURS,
    )
    done = marked(tmp_path, [], there)
    assert changes(done) == ["taint node a x:NoSchedule-", apply("forgotten.yaml")]
    assert 'name: "a"' in done.seen


def test_another_value_is_set_in_place(tmp_path: Path) -> None:
    """The node is not without the taint for a moment."""
    done = marked(tmp_path, ["a 192.0.2.1 no x=2:NoSchedule"], ("a", "", "x=1:NoSchedule", "x=1:NoSchedule,", OURS))
    assert changes(done) == [apply("nodes.yaml"), "taint node a x=2:NoSchedule --overwrite"]


def test_a_control_plane_takes_work_and_rests_again(tmp_path: Path) -> None:
    """Balancers outside pass over it as long as it takes none."""
    done = marked(tmp_path, ["a 192.0.2.1 yes -"], ("a", "", "", f"{CONTROL_PLANE},", "kubelet,"))
    bare = CONTROL_PLANE.replace("=", "")
    assert changes(done) == [apply("nodes.yaml"), f"taint node a {bare}-", f"label node a {LABEL}-"]
    done = marked(tmp_path, [], ("a", "true", "", "", OURS))
    assert changes(done) == [
        f"taint node a {bare} --overwrite",
        f"label node a {LABEL}= --overwrite",
        apply("forgotten.yaml"),
    ]


def test_a_second_run_sets_no_taint(tmp_path: Path) -> None:
    """What is there is left alone."""
    there = [("a", "true", "x=:NoSchedule", "x=:NoSchedule,", OURS), ("b", "", "", "", "kubelet,")]
    assert changes(marked(tmp_path, ["a 192.0.2.1 yes x=:NoSchedule"], *there)) == [apply("nodes.yaml")]


def test_a_node_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Applied, it would be made: an object without a machine."""
    done = marked(tmp_path, ["a 192.0.2.1 no -", "ghost 192.0.2.9 no -"], ("a", "", "", "", "kubelet,"))
    assert done.status == 1
    assert "there is no node ghost" in done.error
    assert [call for call in done.calls if not call.startswith("get ")] == []

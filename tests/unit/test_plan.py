"""The plan of an edit: read as a reviewer reads it, and held against what the resources do."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from components.plan import Plan, as_markdown, as_text, plan_for, snapshot
from tests.unit import clusters, monitor, transitions
from tests.unit.test_changes import difference

PLANS = Path(__file__).resolve().parents[1] / "golden" / "plans"
PACKAGES = {"kubernetes": {"url": "https://mirror.example/", "key": {"file": "files/packages.asc"}}}
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def planned(dev: clusters.File, name: str) -> Plan:
    """Return the plan of one edit of EDITS."""
    before, now = transitions.EDITS[name]
    old = transitions.edited(dev, *before)
    return plan_for(snapshot(transitions.load(old)), transitions.load(transitions.edited(old, *now)))


def told(plan: Plan) -> str:
    """Return both forms of a plan, as a golden file holds them."""
    return f"{as_markdown(plan)}\n<!-- in a terminal\n{as_text(plan)}\n-->\n"


@pytest.mark.parametrize("name", [*transitions.EDITS, "first"])
def test_plans(dev: clusters.File, name: str, request: pytest.FixtureRequest) -> None:
    """Word for word what was read and found right."""
    plan = plan_for(None, transitions.load(dev)) if name == "first" else planned(dev, name)
    golden = PLANS / f"{name}.md"
    if request.config.getoption("--update-golden"):
        PLANS.mkdir(exist_ok=True)
        golden.write_text(told(plan))
    before = golden.read_text().splitlines() if golden.exists() else []
    report = list(difflib.unified_diff(before, told(plan).splitlines(), "golden", "now", lineterm="", n=1))
    assert not report, "\n".join(report)


def test_no_other_plan_is_kept() -> None:
    """An edit that nobody tries any more has no golden file."""
    assert {path.stem for path in PLANS.iterdir()} == {*transitions.EDITS, "first"}


def step_hosts(changed: set[str]) -> set[str]:
    """Return the hosts of steps that do something to a cluster: joining, leaving, balancing."""
    return {name.rsplit("-", 1)[0] for name in changed if name.endswith(("-join", "-balance"))}


#: The names of more than a few hosts are counted, not told.
TOLD = [name for name in transitions.EDITS if name != "upgrade_of_120_workers"]


@pytest.mark.parametrize(
    ("issuers", "gone"),
    [
        (["https://example.org"], True),
        (["https://example.org", "https://kubernetes.default.svc.cluster.local"], False),
        ([], False),
    ],
)
def test_tokens_of_an_issuer_that_goes(dev: clusters.File, issuers: list[str], gone: bool) -> None:
    """Pods lose the API with it, unless the old one is kept for a while."""
    given = [{"name": "service-account-issuer", "value": issuer} for issuer in issuers]
    new = transitions.edited(dev, transitions.put("kubernetes.apiServer.extraArgs", given))
    cautions = plan_for(snapshot(transitions.load(dev)), transitions.load(new)).cautions
    assert any("are rejected from then on" in line for line in cautions) is gone


@pytest.mark.parametrize("name", TOLD)
def test_a_plan_names_every_host_that_a_step_changes(dev: clusters.File, name: str) -> None:
    """What the engine would do and what the plan says are about the same hosts."""
    before, now = transitions.EDITS[name]
    old = clusters.with_access_for_all(transitions.edited(dev, *before))
    new = transitions.edited(old, *now)
    runs = {"deployed": snapshot(transitions.load(old))}
    added, removed, changed = difference(
        monitor.run_program(old, deployed=runs), monitor.run_program(new, deployed=runs)
    )
    text = "\n".join(line for stage in planned(dev, name).stages for line in stage.lines)
    known = {machine for machine, _ in (*clusters.machines(old), *clusters.machines(new))}
    hosts = {host for host in known if re.search(rf"\b{host}\b", text)}
    acted = step_hosts(added | removed | changed)
    settings = {"settings_alone"}  # steps learn of them, and do nothing
    if name not in settings:
        assert acted <= hosts, f"steps of {acted - hosts} change, and the plan is silent"
    assert step_hosts(added | removed) <= hosts


def test_a_plan_asks_no_more_than_the_engine_tells(dev: clusters.File) -> None:
    """What is deployed is asked for first, so that a refusal comes before anything is registered."""
    program = monitor.run_program(dev)
    assert program.asked == ["organization/kubeadm-ha/test"]
    assert program.asked_first


def test_values_of_a_mapping_that_differ(dev: clusters.File) -> None:
    """A reviewer sees them, and not that there is another mapping."""
    old = transitions.edited(dev, transitions.put("kubernetes.kubelet.maxPods", 200))
    new = transitions.edited(old, transitions.put("kubernetes.kubelet.maxPods", 50))
    text = as_text(plan_for(snapshot(transitions.load(old)), transitions.load(new)))
    assert "  kubernetes.kubelet.maxPods: 200 -> 50\n" in text
    assert "Warning: cp-1, cp-2, cp-3, worker-1 and worker-2: where there is less room than before" in text


def test_a_member_of_etcd_that_is_first_in_the_file(dev: clusters.File) -> None:
    """It joins before those that run have their turns."""
    old = transitions.edited(dev, transitions.STORES)
    hosts = {f"etcd-{number}": f"10.77.0.3{number}" for number in range(4)}
    new = transitions.edited(old, transitions.put("etcd", {"hosts": hosts, "quotaGib": 8}))
    plan = plan_for(snapshot(transitions.load(old)), transitions.load(new))
    first, then = next(stage for stage in plan.stages if stage.title.startswith("etcd")).lines
    assert first == "etcd-0 (10.77.0.30) joins before the turn of etcd-1: a learner first, then etcd member 4."
    assert then.startswith("etcd-1, then etcd-2, then etcd-3 are restarted with a new quotaGib.")


def test_what_is_in_the_way_of_an_upgrade_of_two(dev: clusters.File) -> None:
    """With two members every restart of one stops writes: that is said, and is no number below nothing."""
    old = transitions.edited(dev, transitions.OLD, transitions.gone("cp-3"))
    text = as_text(
        plan_for(snapshot(transitions.load(old)), transitions.load(transitions.edited(old, transitions.NEW)))
    )
    assert re.search(r"etcd members \(2\) +0 +down +0\n", text)
    assert "Writes stop each time one of the 2 etcd members restarts" in text


@pytest.mark.parametrize(("works", "said"), [(True, "control planes alone to go to"), (False, "nowhere to go")])
def test_pods_of_the_last_workers(dev: clusters.File, works: bool, said: str) -> None:
    """Where control planes take work there is a place for them."""
    new = transitions.edited(dev, lambda file: file.pop("workers"), transitions.put("controlPlane.takesWork", works))
    cautions = plan_for(snapshot(transitions.load(dev)), transitions.load(new)).cautions
    assert [line for line in cautions if line.endswith(f"have {said}.")]


def test_nowhere_for_pods_to_come(dev: clusters.File) -> None:
    """Control planes that took work are all that there is."""
    old = transitions.edited(dev, lambda file: file.pop("workers"), transitions.put("controlPlane.takesWork", True))
    new = transitions.edited(old, transitions.put("controlPlane.takesWork", False))
    cautions = plan_for(snapshot(transitions.load(old)), transitions.load(new)).cautions
    assert cautions == ("No node takes ordinary pods from then on: there is no worker, so new ones stay pending.",)


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_a_plan_stays_short(dev: clusters.File, size: int) -> None:
    """However many nodes there are, a reader gets a page."""
    big = transitions.edited(
        dev,
        transitions.put("workers.default.hosts", {f"w-{n}": f"10.79.{n // 250}.{n % 250 + 1}" for n in range(size)}),
    )
    big = transitions.edited(big, transitions.put("network.podSubnet", "10.128.0.0/9"))
    plan = plan_for(None, transitions.load(big))
    assert len(as_text(plan)) < 2500
    assert len(as_markdown(plan)) < 6000


def pools_of_20(file: clusters.File) -> None:
    """Have twenty pools besides the one there is."""
    for number in range(20):
        hosts = {f"p{number}-{each}": f"10.79.{number}.{each + 1}" for each in range(20)}
        file["workers"][f"p{number}"] = {"hosts": hosts, "maxUnavailable": 1 + number % 2}


def test_a_plan_of_many_pools_stays_short(dev: clusters.File) -> None:
    """They are told of together, with how many workers may be away in each and what the longest one takes."""
    old = transitions.edited(dev, transitions.OLD, pools_of_20, transitions.put("network.podSubnet", "10.128.0.0/9"))
    plan = plan_for(snapshot(transitions.load(old)), transitions.load(transitions.edited(old, transitions.NEW)))
    (workers,) = (stage for stage in plan.stages if stage.title == "Workers, pools at the same time")
    (line,) = workers.lines
    assert line.startswith("21 pools, in each 1 to 2 at a time: ")
    assert line.endswith(
        "and 396 more are drained and upgraded from Kubernetes 1.36.1 to 1.36.3. Draining takes up to"
        " 300 s each, 100 min in all."
    )
    assert len(as_text(plan)) < 3500
    assert len(as_markdown(plan)) < 13000


@pytest.mark.parametrize(
    ("certificates", "said"),
    [
        ({}, None),
        ({"authorities": {"admin": "2027-03-01T00:00:00Z"}}, None),
        ({"authorities": {"admin": "2027-01-20T00:00:00.123Z"}}, "issued anew"),
        ({"authorities": {"etcd-member/etcd-1": "2027-06-01T00:00:00Z"}}, None),
        ({"authorities": {"etcd-member/etcd-1": "2027-01-20T00:00:00Z"}}, "Certificates of etcd end 2027-01-20"),
        ({"authorities": {"etcd-ca": "2027-06-01T00:00:00Z"}}, "The authority etcd-ca ends 2027-06-01"),
        ({"controlPlanes": {"cp-2": {"apiserver": "2027-01-09T00:00:00Z"}}}, "Certificates on cp-2 end 2027-01-09"),
        ({"controlPlanes": {"cp-2": {"apiserver": "2028-01-09T00:00:00Z"}}}, None),
    ],
)
def test_certificates_that_end_soon(dev: clusters.File, certificates: dict[str, object], said: str | None) -> None:
    """They are told though nothing else changes."""
    cluster = transitions.load(dev)
    plan = plan_for(snapshot(cluster), cluster, certificates, NOW)
    assert (said is None) == (as_text(plan) == as_text(plan_for(snapshot(cluster), cluster)))
    assert said is None or said in as_text(plan)


def test_what_the_engine_stores_compares_equal(dev: clusters.File) -> None:
    """Numbers come back from a stack's outputs as floating ones; that is no change."""
    cluster = transitions.load(dev)
    stored = snapshot(cluster)
    stored["endpoint"]["port"] = float(stored["endpoint"]["port"])
    stored["drain"]["timeoutSeconds"] = 300.0
    assert not plan_for(stored, cluster).transition.changes


def test_the_order_that_the_engine_gives_does_not_matter(dev: clusters.File) -> None:
    """Its mappings have none; a plan is the same every time."""
    before, now = transitions.EDITS["workers_in_and_out"]
    old = transitions.edited(dev, *before)
    stored = snapshot(transitions.load(old))
    turned = {
        **stored,
        "workers": {"default": {"hosts": dict(reversed(stored["workers"]["default"]["hosts"].items()))}},
    }
    wanted = transitions.load(transitions.edited(old, *now))
    assert as_text(plan_for(turned, wanted)) == as_text(plan_for(stored, wanted))


def test_a_snapshot_holds_no_login(small: clusters.File) -> None:
    """It is a plain output: neither logins nor settings that may hold a registry's password are in it."""
    secret = transitions.edited(small, transitions.put("containerd.config", {"debug": {"address": "canary"}}))
    shown = str(snapshot(transitions.load(secret)))
    assert "packages.asc" not in str(snapshot(transitions.load(small | {"packages": PACKAGES})))
    for word in ("canary", "privateKeyFile", "hostKey", "ssh"):
        assert word not in shown

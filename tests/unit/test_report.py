"""How faults are told: all in one report, each kind once, in order, short, and quickly."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from components import policies, releases, rules
from components.faults import SHOWN, ConfigurationError, Fault, lines
from components.files import parsed
from components.rules.known import FIELDS, release
from tests.unit.cases import BASE, INVALID, cluster_of, laid_over


def refused(cluster: Any) -> ConfigurationError:
    """Return the error that a cluster file is refused with, by all rules that read nothing but the file."""
    with pytest.raises(ConfigurationError) as caught:
        rules.load(cluster, policies.refusals())
    return caught.value


def with_workers(hosts: dict[str, Any]) -> dict[str, Any]:
    """Return a cluster file with room for many workers, and these."""
    network = {"podSubnet": "10.128.0.0/10", "serviceSubnet": "10.64.0.0/16"}
    return laid_over(BASE, {"network": network, "workers": {"default": {"hosts": hosts}}})


def many(count: int) -> dict[str, Any]:
    """Return workers by name, each with an address of its own."""
    return {f"w-{number}": f"172.16.{number // 250}.{number % 250 + 1}" for number in range(count)}


def quickest(run: Callable[[], object]) -> float:
    """Return the shortest of several times that something takes, in seconds."""
    times = []
    for _ in range(7):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return min(times)


def test_hosts_with_one_fault_are_one_line() -> None:
    """Their names and addresses do not make them different."""
    found = refused(with_workers({f"w-{number}": f"127.0.0.{number}" for number in range(1, 5)}))
    assert len(found.faults) == 4
    assert str(found).splitlines()[1:] == [
        "  workers.default.hosts.w-1: 127.0.0.1 is not an address that other hosts reach."
        " Give the one in their network. The same at w-2, w-3, w-4."
    ]


def test_two_hosts_are_two_lines() -> None:
    """Few are easier to read one by one."""
    found = refused(with_workers({"w-1": "127.0.0.1", "w-2": "127.0.0.2"}))
    assert len(str(found).splitlines()) == 1 + 2


def test_a_long_list_of_hosts_is_cut() -> None:
    """A pull request has no room for a thousand names."""
    found = str(refused(with_workers({f"w-{number}": {"address": "10.0.0.1", "lsot": True} for number in range(1000)})))
    assert "the cluster file has 1999 faults" in found
    assert "w-1, w-2," in found
    assert "more" in found
    assert len(found) < 10_000


def test_many_faults_of_a_kind_are_counted() -> None:
    """The first are told, the others are named."""
    kubelet = {f"aNewField{number}": 1 for number in range(60)}
    told = str(refused(laid_over(BASE, {"kubernetes": {"kubelet": kubelet}}))).splitlines()
    assert len(told) == 1 + SHOWN
    assert told[-1].startswith(f"  … and {60 - SHOWN + 1} more of this kind: kubernetes.kubelet.aNewField")
    assert told[-1].endswith("and 21 more")


def test_names_are_sorted_as_people_count() -> None:
    """Worker 10 comes after worker 9, and sections in the order of their names."""
    paths = ["workers.a.hosts.w-10", "endpoint.port", "workers.a.hosts.w-9", "controlPlane.hosts"]
    told = lines([Fault(path, f"is wrong in its own way {path}", "Mend it.") for path in paths])
    assert [line.partition(":")[0] for line in told] == [paths[3], paths[1], paths[2], paths[0]]


def test_the_same_fault_is_told_once() -> None:
    """A file that many hosts share is one fault."""
    assert lines([Fault("a", "b", "C."), Fault("a", "b", "C.")]) == ["a: b. C."]


def test_what_is_right_is_judged_though_other_parts_are_wrong() -> None:
    """One slip does not hide the others, and makes up none."""
    slip = laid_over(
        BASE, {"network": {"podSubnet": "10.244.0.0/33"}, "drian": {}, "kubernetes": {"version": "1.35.1"}}
    )
    assert [fault.path for fault in refused(slip).faults] == ["drian", "kubernetes.version", "network.podSubnet"]


@pytest.mark.parametrize(
    "slip",
    [
        {"network": {"podSubnet": "x", "dnsDomain": "X"}},
        {"endpoint": {"hosts": {"lb-1": "x", "lb-2": {"lost": 5}}}},
        {"endpoint": {"hosts": {"LB-1": "192.0.2.4"}}},
        {"controlPlane": {"hosts": {"cp-1": {"adress": "192.0.2.11"}, "cp-2": [], "cp-3": 7}}},
        {"workers": {"default": [], "other": {"hosts": []}}},
        {"ssh": {"port": "22"}, "certificates": {"adminDays": "x"}, "containerd": {"version": 2}},
        {"kubernetes": 5, "packages": {"kubernetes": {"url": 5}}, "registries": {"docker.io": 5}, "policies": []},
        {"endpoint": "192.0.2.10"},
    ],
)
def test_a_slip_causes_no_other_fault(slip: dict[str, Any]) -> None:
    """What is not known is not guessed: every fault told is at the place of the slip."""
    places = set(slip)
    assert {fault.path.partition(".")[0] for fault in refused(laid_over(BASE, slip)).faults} <= places


@pytest.mark.parametrize("case", [c for c in INVALID if "hunter2" in c.read_text() or "b3Blbn" in c.read_text()])
def test_secrets_are_not_shown(case: Any) -> None:
    """A report goes into a pull request."""
    text = str(refused(cluster_of(case)))
    assert "hunter2" not in text
    assert "b3Blbn" not in text


def test_there_are_secrets_to_be_hidden() -> None:
    """The test above looks at some."""
    assert sum("hunter2" in case.read_text() or "b3Blbn" in case.read_text() for case in INVALID) >= 5


def test_sixty_faults_take_no_longer_than_one() -> None:
    """Neither does a large cluster: its thousand hosts are looked at once."""
    one, sixty = with_workers(many(1000)), with_workers(many(1000))
    one["drian"] = {}
    for number in range(60):
        sixty["workers"]["default"]["hosts"][f"w-{number}"] = {"adress": f"172.20.0.{number}", "lsot": True}
    assert len(refused(sixty).faults) == 120
    assert quickest(lambda: refused(sixty)) < 2 * quickest(lambda: refused(one)) + 0.05
    right = with_workers(many(1000))
    assert quickest(lambda: rules.load(right, policies.refusals())) < 0.3


def test_every_release_has_its_fields() -> None:
    """A release that is supported without them would let every misspelt field pass."""
    assert {path.stem for path in FIELDS.glob("*.yaml")} == set(releases.releases())


def test_every_flag_of_a_kind_is_a_flag() -> None:
    """What flags take is told of flags that a release has; `help` is every program's."""
    programs = [
        programs for minor in releases.releases() for programs in release(f"{minor}.0").get("flags", {}).values()
    ]
    by_kind = parsed(FIELDS.with_name("flags.yaml"))
    assert set(by_kind) == {"bool", "duration", "number", "int", "file", "plugins"}
    assert {name for kind, names in by_kind.items() if kind != "plugins" for name in names} <= {"help"}.union(*programs)

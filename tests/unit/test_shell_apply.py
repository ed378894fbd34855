"""scripts/lib/apply.sh: what is applied is noted, and what is in no manifest any more goes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.unit.sandbox import Result, Sandbox

#: A cluster in three files: what was noted, applied and deleted. A manifest says in comments what it has.
KUBECTL = r"""
for last; do :; done
case "$*" in
  *'label --local'*) sed -n 's/^#o //p' "$4"; ! grep -q broken "$4" ;;
  *'get configmap'*) cat /run/noted 2>/dev/null || : ;;
  *'create configmap'*) cp "$(echo "$*" | sed 's/.*objects=\([^ ]*\) .*/\1/')" /run/new; echo note ;;
  *'apply'*note.yaml*) mv /run/new /run/noted; cat /run/noted >>/run/notes; echo -- >>/run/notes ;;
  *'apply'*) grep -q refused "$last" && { echo 'the API says no' >&2; exit 1; }; echo "$last" >>/run/applied ;;
  *'delete'*) cat "$last" >>/run/deleted; echo >>/run/deleted ;;
  *) exit 2 ;;
esac"""
SCRIPT = ". lib/base.sh\n. lib/cluster.sh\n. lib/apply.sh\napply_set further\n"
WEB = "#o v1 ConfigMap default web\n#o apps/v1 Deployment web web\n"
AFTER = 'for f in noted applied deleted; do echo "$f:"; cat /run/$f 2>/dev/null; done'


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a host with a cluster that answers."""
    return Sandbox(tmp_path, {"kubectl": KUBECTL, "sleep": "exec /bin/sleep 0.05"}, after=AFTER)


def seen(done: Result) -> dict[str, list[str]]:
    """Return the lines of each of the cluster's files."""
    found: dict[str, list[str]] = {}
    for line in done.seen.splitlines():
        if line in ("noted:", "applied:", "deleted:"):
            found[line[:-1]] = current = []
        else:
            current.append(line)
    return found


def test_the_first_time(sandbox: Sandbox) -> None:
    """Everything is applied in the order of the list, and noted with its group."""
    done = sandbox.step(SCRIPT, files={"further/000.yaml": WEB, "further/001.yaml": "#o v1 Namespace default web\n"})
    assert done.status == 0, done.error
    assert seen(done) == {
        "noted": ["- v1 ConfigMap default web", "apps v1 Deployment web web", "- v1 Namespace default web"],
        "applied": ["further/000.yaml", "further/001.yaml"],
        "deleted": [],
    }


def test_what_is_in_no_manifest_any_more_is_deleted(sandbox: Sandbox) -> None:
    """Also when its manifest is gone; but not what has only another version of its group now."""
    sandbox.before = """printf '%s\\n' '- v1 ConfigMap default old' 'batch v1beta1 CronJob web tick' \\
      'apps v1beta1 Deployment web web' >/run/noted"""
    done = sandbox.step(SCRIPT, files={"further/000.yaml": WEB})
    assert done.status == 0, done.error
    assert seen(done)["deleted"] == [
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"default","name":"old"}}',
        '{"apiVersion":"batch/v1beta1","kind":"CronJob","metadata":{"namespace":"web","name":"tick"}}',
    ]
    assert seen(done)["noted"] == ["- v1 ConfigMap default web", "apps v1 Deployment web web"]


@pytest.mark.parametrize("kind", ["Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim"])
def test_what_data_may_hang_on_stays(sandbox: Sandbox, kind: str) -> None:
    """It is forgotten, not deleted."""
    sandbox.before = f"echo '- v1 {kind} default data' >/run/noted"
    done = sandbox.step(SCRIPT, files={"further/000.yaml": WEB})
    assert done.status == 0, done.error
    assert seen(done)["deleted"] == []
    assert kind not in " ".join(seen(done)["noted"])


def test_what_breaks_off_is_not_forgotten(sandbox: Sandbox) -> None:
    """Before anything is applied, old and new are noted: the next run can delete both."""
    sandbox.before = "echo '- v1 ConfigMap default old' >/run/noted"
    sandbox.fakes["date"] = "exec /bin/date"
    script = SCRIPT.replace("apply_set", 'SECONDS=0; wait_for() { shift 3; "$@" || fail no why; }\napply_set')
    done = sandbox.step(script, files={"further/000.yaml": WEB + "refused\n"})
    assert done.status == 1
    assert seen(done)["noted"] == [
        "- v1 ConfigMap default old",
        "- v1 ConfigMap default web",
        "apps v1 Deployment web web",
    ]
    assert seen(done)["deleted"] == []


def test_the_last_manifest_is_gone(sandbox: Sandbox) -> None:
    """Then everything that was noted goes, and nothing is noted any more."""
    sandbox.before = "echo '- v1 ConfigMap default old' >/run/noted"
    done = sandbox.step(SCRIPT)
    assert done.status == 0, done.error
    assert len(seen(done)["deleted"]) == 1
    assert seen(done)["noted"] == []


def test_nothing_at_all(sandbox: Sandbox) -> None:
    """Where nothing was and nothing is, nothing is written down."""
    done = sandbox.step(SCRIPT)
    assert done.status == 0, done.error
    assert seen(done) == {"noted": [], "applied": [], "deleted": []}
    assert not [call for call in done.calls if "create" in call]


def test_a_manifest_that_cannot_be_read(sandbox: Sandbox) -> None:
    """It ends the step before anything is applied, and says which one."""
    done = sandbox.step(SCRIPT, files={"further/000.yaml": WEB, "further/001.yaml": "broken\n"})
    assert done.status == 1
    assert "manifest 001.yaml of the list cannot be read" in done.error
    assert seen(done)["applied"] == []


def test_an_address_is_fetched_through_the_proxy(sandbox: Sandbox) -> None:
    """It is outside of the site; what the API is asked is not."""
    sandbox.fakes["curl"] = (
        f"[ \"$https_proxy\" = http://p:1 ] && printf '{WEB.replace(chr(10), chr(92) + 'n')}' >further/000.yaml"
    )
    sources = f"000.yaml {hashlib.sha256(WEB.encode()).hexdigest()} https://example.org/web.yaml\n"
    done = sandbox.step(SCRIPT, {"PROXY_HTTPS": "http://p:1"}, {"further/sources": sources})
    assert done.status == 0, done.error
    assert seen(done)["applied"] == ["further/000.yaml"]


@pytest.mark.parametrize("right", [True, False])
def test_an_address_is_held_to_its_checksum(sandbox: Sandbox, right: bool) -> None:
    """What is there is applied when it is what was expected, and named with both checksums when not."""
    sandbox.fakes["curl"] = f"for last; do :; done; printf '{WEB.replace(chr(10), chr(92) + 'n')}' >further/000.yaml"
    digest = hashlib.sha256(WEB.encode()).hexdigest() if right else "0" * 64
    done = sandbox.step(SCRIPT, files={"further/sources": f"000.yaml {digest} https://example.org/web.yaml\n"})
    assert (done.status == 0) is right, done.error
    assert seen(done)["applied"] == (["further/000.yaml"] if right else [])
    if not right:
        assert f"has the checksum {hashlib.sha256(WEB.encode()).hexdigest()}, not {digest}" in done.error

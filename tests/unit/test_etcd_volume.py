"""components/machines/aws/etcd-volume.sh: the second volume, mounted at each start and formatted once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.sandbox import Result, Sandbox

SCRIPT = Path(__file__).resolve().parents[2] / "components" / "machines" / "aws" / "etcd-volume.sh"
NITRO = """nvme0n1 disk Amazon Elastic Block Store
nvme1n1 disk Amazon EC2 NVMe Instance Storage
nvme2n1 disk Amazon Elastic Block Store"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a machine with a disk of its own beside its two volumes, the second one empty."""
    made = Sandbox(tmp_path, after="cat /etc/fstab; ls /run")
    made.fakes = {
        "mountpoint": "test -e /run/mounted",
        "findmnt": "echo /dev/nvme0n1p1",
        "lsblk": f"case $* in *--inverse*) printf 'nvme0n1p1 part\\nnvme0n1 disk\\n' ;; *) echo '{NITRO}' ;; esac",
        "blkid": "test -e /run/formatted || exit 2; case $* in *UUID*) echo 0a1b-2c3d ;; esac",
        "mkfs.ext4": ": >/run/formatted",
        "systemctl": "",
        "sleep": "",
    }
    # Not before the sandbox itself has mounted what it covers.
    fake = f"#!/bin/sh\necho mount $* >>{tmp_path}/calls\n: >/run/mounted\n"
    (tmp_path / "mount").write_text(fake)
    made.before = f"install -m 755 {tmp_path}/mount {tmp_path}/bin/mount"
    return made


def run(sandbox: Sandbox, times: int = 1) -> Result:
    """Run it as cloud-init does."""
    words = f"bash {SCRIPT} /var/lib/etcd"
    return sandbox.line(" && ".join([words] * times), "")


def did(result: Result) -> list[str]:
    """Return what was done to a disk."""
    return [call for call in result.calls if call.startswith(("mkfs", "mount "))]


def test_an_empty_volume_is_formatted_and_mounted(sandbox: Sandbox) -> None:
    """The second one of the right model: neither the root's nor a disk that loses what it holds."""
    done = run(sandbox)
    assert done.status == 0, done.error
    assert did(done) == ["mkfs.ext4 -q /dev/nvme2n1", "mount /var/lib/etcd"]
    assert "UUID=0a1b-2c3d /var/lib/etcd ext4 defaults,noatime 0 2" in done.seen


def test_a_volume_with_data_is_never_formatted(sandbox: Sandbox) -> None:
    """It is mounted alone."""
    sandbox.before += "; : >/run/formatted"
    assert did(run(sandbox)) == ["mount /var/lib/etcd"]


def test_a_volume_that_cannot_be_read_is_not_formatted(sandbox: Sandbox) -> None:
    """It may hold two things at once, of which blkid takes neither, or fail to be read."""
    sandbox.fakes["blkid"] = "exit 8"
    done = run(sandbox)
    assert done.status == 1
    assert "what /dev/nvme2n1 holds cannot be told (blkid: 8)" in done.error
    assert not did(done)


def test_a_mounted_one_is_left_alone(sandbox: Sandbox) -> None:
    """At each start fstab comes first; twice is as once."""
    done = run(sandbox, times=2)
    assert did(done) == ["mkfs.ext4 -q /dev/nvme2n1", "mount /var/lib/etcd"]
    assert done.seen.count("/var/lib/etcd") == 1


def test_without_a_volume_it_fails_after_a_minute(sandbox: Sandbox) -> None:
    """And says so: etcd on another disk than was asked for would be found when it is too late."""
    sandbox.fakes["lsblk"] = "case $* in *--inverse*) echo nvme0n1 disk ;; *) echo nvme0n1 disk Amazon ;; esac"
    done = run(sandbox)
    assert done.status == 1
    assert "there is no second volume" in done.error
    assert len([call for call in done.calls if call.startswith("sleep")]) == 60
    assert not did(done)

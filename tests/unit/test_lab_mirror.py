"""The packages and images that the lab serves have the shape of upstream's."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from lab.builder import images, layers, mirror, packages, push, tools
from lab.builder.inputs import BuildError, call, fingerprint, is_current, replaced
from lab.builder.layers import Entry

NAMES = [package for name in ("kubernetes", "docker") for package in packages.packages(name)]


def named(name: str) -> packages.Package:
    """Return the package called `name`."""
    return next(package for package in NAMES if package.name == name)


def test_packages_carry_upstream_versions() -> None:
    """Names and versions are those of pkgs.k8s.io and of Docker's repository."""
    release = packages.versions()["kubernetes"]
    assert named("kubeadm").version == f"{release}-1.1"
    assert re.fullmatch(r"[\d.]+-1~debian\.12~bookworm", named("containerd.io").version)
    assert not [p.name for p in NAMES if "{" in p.version + "".join(p.depends)]


def test_control_leaves_out_what_is_empty() -> None:
    """Fields without a value are left out, and the size is in KiB, rounded up."""
    text = packages.control(named("containerd.io"), "amd64", 2049)
    fields = dict(line.split(": ", 1) for line in text.splitlines())
    assert fields["Installed-Size"] == "3"
    assert fields["Conflicts"] == fields["Replaces"] == "containerd, runc"
    assert "Depends" not in packages.control(named("kubectl"), "amd64", 1)


def test_dpkg_reads_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The built file holds program, unit, scripts and conffiles, all of them root's."""
    monkeypatch.setenv("KUBEADM_HA_CACHE", str(tmp_path))
    program = packages.binary("kubernetes/kubelet")
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    deb = packages.build(named("kubelet"), tmp_path / "work", tmp_path / "pool")
    assert deb.name == f"kubelet_{named('kubelet').version}_amd64.deb"
    shown = call("dpkg-deb", "--show", "--showformat=${Package} ${Version}", deb)
    assert shown.decode() == f"kubelet {named('kubelet').version}"
    assert call("dpkg-deb", "--info", deb, "conffiles") == b"/etc/default/kubelet\n"
    listing = call("dpkg-deb", "--contents", deb).decode()
    assert re.search(r"-rwxr-xr-x root/root .* \./usr/bin/kubelet\n", listing)
    assert "./usr/lib/systemd/system/kubelet.service" in listing


def test_kubelet_depends_on_what_the_program_must_not_forget() -> None:
    """The kubelet brings CNI plugins; crictl comes with kubeadm, containerd with neither."""
    assert "kubernetes-cni (>= 1.2.0)" in named("kubelet").depends
    assert any(word.startswith("cri-tools") for word in named("kubeadm").depends)
    assert not [p.name for p in NAMES if any("containerd" in word for word in p.depends)]


def test_docker_disables_the_cri_plugin() -> None:
    """Docker's containerd serves no CRI until a host's own file says so."""
    package = named("containerd.io")
    assert 'disabled_plugins = ["cri"]' in package.files["etc/containerd/config.toml"]
    assert "/etc/containerd/config.toml" in package.conffiles


@pytest.mark.parametrize("package", NAMES, ids=lambda package: package.name)
def test_maintainer_scripts_are_shell(package: packages.Package) -> None:
    """Scripts exist only where there is a unit, name it, and are valid shell."""
    scripts = packages.maintainer_scripts(package)
    assert bool(scripts) == bool(package.unit)
    for text in scripts.values():
        assert package.unit in text
        assert "{" not in text
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def test_only_containerd_restarts_on_upgrade() -> None:
    """An upgraded kubelet keeps running until the upgrade's own steps restart it."""
    assert "restart" in packages.maintainer_scripts(named("containerd.io"))["postinst"]
    assert "restart" not in packages.maintainer_scripts(named("kubelet"))["postinst"]


def test_a_package_without_programs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is not built is an error with its path, not an empty package."""
    monkeypatch.setenv("KUBEADM_HA_CACHE", str(tmp_path))
    with pytest.raises(BuildError, match=r"kubeadm lacks .*bin/kubeadm"):
        packages.sources(named("kubeadm"))


def test_release_options_name_every_field() -> None:
    """Each field reaches apt-ftparchive as an option of its own, in a stable order."""
    options = mirror.release_options({"Origin": "Docker", "Codename": "bookworm"}, "amd64")
    assert options[::2] == ["-o"] * 3
    assert options[1::2] == [
        "APT::FTPArchive::Release::Architectures=amd64",
        "APT::FTPArchive::Release::Codename=bookworm",
        "APT::FTPArchive::Release::Origin=Docker",
    ]


def test_pool_names_have_no_epoch() -> None:
    """A file of apt's cache gets the name that Debian's pool gives it."""
    assert mirror.pool_name("conntrack_1%3a1.4.7-1_amd64.deb") == "conntrack_1.4.7-1_amd64.deb"
    assert mirror.pool_name("jq_1.6-2.1+deb12u3_amd64.deb") == "jq_1.6-2.1+deb12u3_amd64.deb"


def test_fingerprint_of_the_signing_key() -> None:
    """The primary key's fingerprint is taken; no key is an error with the way out."""
    assert mirror.parse_fingerprint("pub:u:3072\nfpr:::::::::AAAA:\nfpr:::::::::BBBB:\n") == "AAAA"
    with pytest.raises(BuildError, match="remove that folder"):
        mirror.parse_fingerprint("tru::1\n")


def test_repositories_lie_where_upstreams_do() -> None:
    """The paths are those of the real sites, so that only the host differs in a source line."""
    paths = {name: spec["path"] for name, spec in packages.data()["repositories"].items()}
    minor = packages.versions()["kubernetes"].rpartition(".")[0]
    assert paths["kubernetes"] == f"kubernetes/core:/stable:/v{minor}/deb"
    assert paths["docker"] == "docker/linux/debian"


def test_the_release_to_upgrade_from_is_a_repository_of_its_own() -> None:
    """Each minor has its own, as upstream has, with packages of that release's programs; the others are there once."""
    before = packages.minors(upgrade=True)[1]
    assert packages.repositories(before) == ["kubernetes"]
    paths = {packages.data(minor)["repositories"]["kubernetes"]["path"] for minor in ("", before)}
    assert len(paths) == 2
    for package in packages.packages("kubernetes", before):
        if package.name in ("kubeadm", "kubelet", "kubectl"):
            assert package.version == f"{packages.versions(before)['kubernetes']}-1.1"
            (program,) = package.binaries.values()
            assert packages.binary(program, package.minor) != packages.binary(program)


def test_the_registry_has_the_images_of_both_releases() -> None:
    """What kubeadm deploys differs by release; what no release decides is there once."""
    before = packages.minors(upgrade=True)[1]
    references = [image.reference for image in images.images(["", before])]
    assert len(references) == len(set(references))
    assert {i.reference for i in images.images()} < set(references)
    for minor in ("", before):
        versions = packages.versions(minor)
        assert f"registry.k8s.io/etcd:{versions['etcd']}-0" in references
        assert f"registry.k8s.io/kube-proxy:v{versions['kubernetes']}" in references


def test_layers_have_the_same_bytes_each_time(tmp_path: Path) -> None:
    """A layer's digest depends on what it holds, not on the clock or the order of entries."""
    entries = {"usr/bin/b": Entry(b"b", 0o755), "usr/bin/a": Entry("b"), "tmp": Entry(None, 0o1777)}
    first = layers.write(entries, tmp_path / "1", "none")
    again = layers.write(dict(reversed(entries.items())), tmp_path / "2", "none")
    other = layers.write({**entries, "usr/bin/b": Entry(b"c", 0o755)}, tmp_path / "3", "none")
    assert first.digest == again.digest == first.diff_id != other.digest
    with tarfile.open(first.path) as archive:
        assert archive.getnames() == ["tmp", "usr", "usr/bin", "usr/bin/a", "usr/bin/b"]
        assert {(info.mtime, info.uid) for info in archive} == {(0, 0)}
        assert archive.getmember("tmp").mode == 0o1777


def test_compressed_layers_keep_the_diff_id(tmp_path: Path) -> None:
    """Compression changes the blob and its media type, never what the config names."""
    entries = {"a": Entry(b"a" * 10000)}
    plain = layers.write(entries, tmp_path / "1", "none")
    packed = layers.write(entries, tmp_path / "2", "gzip")
    assert packed.diff_id == plain.diff_id != packed.digest
    assert packed.media == plain.media + "+gzip"
    with pytest.raises(BuildError, match="not known"):
        layers.write(entries, tmp_path / "3", "bzip2")


def test_files_behind_a_link_are_refused(tmp_path: Path) -> None:
    """A folder entry in place of a link would hide the link's target in a container."""
    with pytest.raises(BuildError, match="behind the link bin"):
        layers.write({"bin": Entry("usr/bin"), "bin/sh": Entry(b"")}, tmp_path / "1", "none")


def test_manifest_names_config_and_layers_by_digest(tmp_path: Path) -> None:
    """A manifest's digests and sizes are those of the bytes that are pushed."""
    image = images.Image("h/p/etcd:1", [], {}, {"Entrypoint": ["/etcd"]})
    layer = layers.write({"etcd": Entry(b"x", 0o755)}, tmp_path / "1", "none")
    config = images.config(image, [layer.diff_id])
    document = json.loads(images.manifest(config, [layer]))
    assert document["config"]["digest"] == layers.digest(config)
    assert document["config"]["size"] == len(config)
    assert document["layers"] == [layer.descriptor]
    assert layer.descriptor["size"] == layer.path.stat().st_size
    assert json.loads(config)["rootfs"]["diff_ids"] == [layer.diff_id]
    assert json.loads(config)["config"]["Entrypoint"] == ["/etcd"]


def test_images_are_those_kubeadm_asks_for() -> None:
    """References carry the upstream host as first part of the path, and a filled-in tag."""
    found = {image.reference: image for image in images.images()}
    versions = packages.versions()
    assert f"registry.k8s.io/kube-apiserver:v{versions['kubernetes']}" in found
    assert f"registry.k8s.io/etcd:{versions['etcd']}-0" in found
    coredns = found[f"registry.k8s.io/coredns/coredns:v{versions['coredns']}"]
    assert (coredns.repository, coredns.tag[0]) == ("registry.k8s.io/coredns/coredns", "v")
    assert not [reference for reference in found if "{" in reference]
    every = images.images(suite=True)
    assert {name for image in every for name in image.layers} == set(images.data()["layers"])
    assert {image.reference for image in every if not image.suite} == set(found)


def test_libraries_come_from_the_packages_only() -> None:
    """The loader's list is turned into paths in an image; this machine's own files are refused."""
    root = Path("/r")
    good = "linux-vdso.so.1 (0x1)\n libc.so.6 => /r/usr/lib/libc.so.6 (0x2)\n"
    assert tools.parse_libraries(good, root) == {"usr/lib/libc.so.6"}
    for bad in ("libx.so.1 => /lib/libx.so.1 (0x3)", "libx.so.1 => not found"):
        with pytest.raises(BuildError, match=r"libx\.so\.1"):
            tools.parse_libraries(bad, root)


def test_links_are_followed_inside_the_tree(tmp_path: Path) -> None:
    """An absolute link in a package points into the unpacked tree, not into this machine."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/real").write_text("x")
    (tmp_path / "link").symlink_to("/etc/real")
    assert tools.inside(tmp_path, "link") == tmp_path / "etc/real"
    (tmp_path / "broken").symlink_to("/etc/hostname")
    with pytest.raises(BuildError, match="no broken"):
        tools.inside(tmp_path, "broken")


def test_registry_settings_are_plain_files_on_loopback() -> None:
    """The registry stores below the given folder and listens where it is told."""
    settings = json.loads(push.settings(Path("/s"), "127.0.0.1:1"))
    assert settings["storage"]["filesystem"]["rootdirectory"] == "/s"
    assert settings["http"]["addr"] == "127.0.0.1:1"


def test_a_failed_build_leaves_the_old_folder(tmp_path: Path) -> None:
    """A folder is replaced as a whole or not at all, and says what it was made from."""
    folder = tmp_path / "built"
    with replaced(folder, "one") as fresh:
        (fresh / "file").write_text("1")
    assert is_current(folder, "one")
    assert not is_current(folder, "two")
    with pytest.raises(ZeroDivisionError), replaced(folder, "two") as fresh:
        (fresh / "file").write_text(str(1 / 0))
    assert is_current(folder, "one")
    assert (folder / "file").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["built"]


def test_inputs_change_with_files_and_values(tmp_path: Path) -> None:
    """A program that appears or grows, or a changed setting, makes a build stale."""
    file = tmp_path / "program"
    missing = fingerprint([file], "v1")
    file.write_text("x")
    built = fingerprint([file], "v1")
    assert len({missing, built, fingerprint([file], "v2")}) == 3
    assert built == fingerprint([file], "v1")

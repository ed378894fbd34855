"""Policies on what is installed, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from components import releases
from components.faults import Fault, some
from components.policies.policy import Subject, policy


@policy("off")
def unpinned_versions(subject: Subject) -> Iterator[Fault]:
    """A version that the cluster file does not name, so that it changes with this program."""
    if "version" not in subject.cluster.containerd.model_fields_set:
        version = subject.cluster.containerd.version
        yield Fault("containerd.version", f"is not in the file, and {version} is this program's choice", "Write it.")


@policy("off")
def plain_http_sources(subject: Subject) -> Iterator[Fault]:
    """Packages or images over http: packages are signed, images are not."""
    packages = subject.cluster.packages
    for kind, repository in (("kubernetes", packages.kubernetes), ("containerd", packages.containerd)):
        if repository and repository.url.startswith("http://"):
            yield Fault(f"packages.{kind}.url", f"is {repository.url}", "Use https.")
    for registry, mirrors in subject.cluster.registries.items():
        for url in mirrors:
            if url.startswith("http://"):
                yield Fault(f"registries.{registry}", f"has the mirror {url}", "Use https.")


@policy("off")
def upstream_sources(subject: Subject) -> Iterator[Fault]:
    """Packages or images from the internet instead of a site's own mirrors."""
    packages = subject.cluster.packages
    for kind, repository in (("kubernetes", packages.kubernetes), ("containerd", packages.containerd)):
        if repository is None:
            yield Fault(f"packages.{kind}", "is not given, so packages come from upstream", "Name the site's mirror.")
    images = (releases.REGISTRY, *releases.flannel_images())
    for registry in sorted({image.partition("/")[0] for image in images} - set(subject.cluster.registries)):
        yield Fault("registries", f"has no mirror of {registry}, where images come from", "Name the site's mirror.")


@policy("off")
def skipped_preflight(subject: Subject) -> Iterator[Fault]:
    """Any of kubeadm's checks overlooked."""
    names = subject.cluster.kubernetes.ignore_preflight_errors
    if names:
        yield Fault("kubernetes.ignorePreflightErrors", f"overlooks {some(names)}", "Mend what they find.")


@policy("off")
def forced_drain(subject: Subject) -> Iterator[Fault]:
    """Pods without a controller deleted when their node leaves."""
    if subject.cluster.drain.delete_unmanaged_pods:
        yield Fault("drain.deleteUnmanagedPods", "deletes pods that nothing makes again", "Remove it.")


@policy("warn")
def cgroupfs_driver(subject: Subject) -> Iterator[Fault]:
    """Pods counted by the kubelet beside systemd: under pressure the two do not agree on what is free."""
    if subject.cluster.kubernetes.kubelet.get("cgroupDriver") == "cgroupfs":
        yield Fault("kubernetes.kubelet.cgroupDriver", "is cgroupfs, beside systemd on the same host", "Remove it.")

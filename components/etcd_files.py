"""What the API servers show somebody else's etcd: certificates and a key, read where `up` runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from components.config import Cluster
from components.faults import Fault
from components.files import read

_CERTIFICATE, _KEY = "-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----"


@dataclass(frozen=True)
class EtcdFiles:
    """PEM texts."""

    ca: str
    certificate: str
    key: str = field(repr=False)


def read_etcd_files(cluster: Cluster) -> EtcdFiles:
    """Return the files that the cluster file names for an etcd of somebody else's."""
    external = cluster.etcd.external
    if external is None:
        raise ValueError("etcd is this cluster's own")
    return EtcdFiles(read(external.ca_file), read(external.cert_file), read(external.key_file))


def etcd_faults(cluster: Cluster) -> Iterator[Fault]:
    """Yield files that cannot be read or hold something else: a rule for `rules.load`."""
    external = cluster.etcd.external
    if external is None:
        return
    for key, path in (("caFile", external.ca_file), ("certFile", external.cert_file)):
        yield from _certificate(f"etcd.external.{key}", path)
    yield from _key("etcd.external.keyFile", external.key_file)


def _certificate(place: str, path: str) -> Iterator[Fault]:
    text, fault = _text(place, path)
    if fault:
        yield fault
    elif _KEY in text:
        yield Fault(place, f"{path} holds a private key", "Name the certificate alone; the key has keyFile.")
    elif _CERTIFICATE not in text:
        yield Fault(place, f"{path} is no certificate", "Name one in PEM, which begins with BEGIN CERTIFICATE.")


def _key(place: str, path: str) -> Iterator[Fault]:
    text, fault = _text(place, path)
    if fault:
        yield fault
    elif _KEY not in text:
        yield Fault(place, f"{path} is no private key", "Name the key of certFile, in PEM.")
    elif "ENCRYPTED" in text:
        yield Fault(place, f"{path} needs a passphrase", "Name one without: API servers cannot be asked for it.")


def _text(place: str, path: str) -> tuple[str, Fault | None]:
    try:
        return read(path), None
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "it is no text"
        return "", Fault(place, f"{path} cannot be read ({problem})", "Give the path of a PEM file from the project.")

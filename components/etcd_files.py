"""What the API servers show somebody else's etcd: certificates and a key, read where `up` runs."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from components.config import Cluster
from components.faults import Fault
from components.files import read

if TYPE_CHECKING:
    from cryptography import x509

#: How long before its end somebody is told, in days: nothing renews these but their owner.
NOTICE = datetime.timedelta(days=30)
_RENEW = "Ask etcd's owner for a new one: API servers do not start, or stop working, when it has ended."
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
    faults = list(_certificate("etcd.external.caFile", external.ca_file))
    faults += _certificate("etcd.external.certFile", external.cert_file)
    faults += _key("etcd.external.keyFile", external.key_file)
    yield from faults or _together(cluster)


def etcd_cautions(cluster: Cluster) -> Iterator[Fault]:
    """Yield certificates that end soon: what is said of a cluster file that is taken."""
    for place, path, ends in _ends(cluster):
        if ends <= datetime.datetime.now(datetime.UTC) + NOTICE:
            yield Fault(place, f"{path} ends on {ends:%Y-%m-%d}, and the API with it", _RENEW)


def _together(cluster: Cluster) -> Iterator[Fault]:
    """Yield what is wrong with files that are each of the right kind."""
    external, now = cluster.etcd.external, datetime.datetime.now(datetime.UTC)
    if external is None:
        return
    for place, path, ends in _ends(cluster):
        if ends <= now:
            yield Fault(place, f"{path} ended on {ends:%Y-%m-%d}", _RENEW)
    place, path = "etcd.external.certFile", external.cert_file
    certificate = _parsed(read(path))[0]
    if certificate.not_valid_before_utc > now:
        begins = f"{certificate.not_valid_before_utc:%Y-%m-%d}"
        yield Fault(place, f"{path} is not good before {begins}", "Name one that is good today, or see the clock.")
    if not _for_clients(certificate):
        problem = f"{path} is a server's, and etcd takes no client with it"
        yield Fault(place, problem, "Ask etcd's owner for one with the extended key usage clientAuth.")
    if not _belongs(certificate, read(external.key_file)):
        problem = f"{external.key_file} is not the key of {path}"
        yield Fault("etcd.external.keyFile", problem, "Name the key that the certificate was made with.")


def _ends(cluster: Cluster) -> Iterator[tuple[str, str, datetime.datetime]]:
    """Yield where a certificate is named, its path and its end; of several authorities the last one to end."""
    external = cluster.etcd.external
    if external is not None:
        for key, path in (("caFile", external.ca_file), ("certFile", external.cert_file)):
            found = [certificate.not_valid_after_utc for certificate in _parsed(read(path))]
            yield f"etcd.external.{key}", path, max(found) if key == "caFile" else found[0]


@cache
def _parsed(text: str) -> list[x509.Certificate]:
    # Here, since only who uses somebody else's etcd needs it.
    from cryptography import x509

    return x509.load_pem_x509_certificates(text.encode())


def _for_clients(certificate: x509.Certificate) -> bool:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return True
    return bool({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(usage))


def _belongs(certificate: x509.Certificate, key: str) -> bool:
    """Whether a key is a certificate's; one that cannot be read here may still be good for Go."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    try:
        own = serialization.load_pem_private_key(key.encode(), None).public_key().public_bytes(*form)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return True
    return own == certificate.public_key().public_bytes(*form)


def _certificate(place: str, path: str) -> Iterator[Fault]:
    text, fault = _text(place, path)
    if fault:
        yield fault
    elif _KEY in text:
        yield Fault(place, f"{path} holds a private key", "Name the certificate alone; the key has keyFile.")
    elif _CERTIFICATE not in text:
        yield Fault(place, f"{path} is no certificate", "Name one in PEM, which begins with BEGIN CERTIFICATE.")
    else:
        try:
            _parsed(text)
        except ValueError:
            yield Fault(place, f"{path} is damaged: it cannot be read as a certificate", "Copy it from its owner anew.")


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

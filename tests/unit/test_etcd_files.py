"""What somebody else's etcd is shown: certificates that are good today, for clients, with their own key."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from components import rules
from components.config import Cluster
from components.etcd_files import etcd_cautions, etcd_faults
from components.faults import Fault
from tests.unit import certificates
from tests.unit.cases import BASE

TODAY = datetime.datetime.now(datetime.UTC)
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


def certificate(key: ec.EllipticCurvePrivateKey, days: int, usage: x509.ObjectIdentifier | None, begins: int) -> str:
    """Return a certificate that is good from `begins` to `days`, counted from today."""
    name = certificates.subject("client")
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(TODAY + datetime.timedelta(days=begins))
        .not_valid_after(TODAY + datetime.timedelta(days=days))
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def cluster(
    folder: Path,
    *,
    days: int = 900,
    authority: int = 900,
    usage: x509.ObjectIdentifier | None = CLIENT,
    begins: int = -400,
    key: str = "client",
) -> Cluster:
    """Return a cluster with somebody else's etcd, whose files are in a folder."""
    own = certificates.key("client")
    (folder / "ca.crt").write_text(certificate(own, -9, None, -400) + certificate(own, authority, None, -400))
    (folder / "client.crt").write_text(certificate(own, days, usage, begins))
    (folder / "client.key").write_text(certificates.private_pem(key))
    files = {f"{what}File": str(folder / name) for what, name in (("ca", "ca.crt"), ("cert", "client.crt"))}
    external = {"endpoints": ["https://192.0.2.61:2379", "https://192.0.2.62:2379"], **files}
    return rules.load(BASE | {"etcd": {"external": external | {"keyFile": str(folder / "client.key")}}})


def words(faults: list[Fault]) -> list[str]:
    """Return the keys that faults are at, and the first word of what is wrong."""
    return [f"{fault.path.rpartition('.')[2]}: {fault.problem.partition(' ')[2][:12]}" for fault in faults]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, []),
        ({"usage": None}, []),
        ({"days": -1}, ["certFile: ended on"]),
        ({"authority": -1}, ["caFile: ended on"]),
        ({"begins": 5}, ["certFile: is not good "]),
        ({"usage": SERVER}, ["certFile: is a server'"]),
        ({"key": "another"}, ["keyFile: is not the k"]),
    ],
)
def test_what_etcd_would_not_take_is_refused(tmp_path: Path, given: dict[str, int], said: list[str]) -> None:
    """Before any host is contacted; of several authorities one that is good is enough."""
    found = words(list(etcd_faults(cluster(tmp_path, **given))))  # type: ignore[arg-type]
    assert len(found) == len(said)
    assert all(one.startswith(other) for one, other in zip(found, said, strict=True))


@pytest.mark.parametrize(("given", "said"), [({}, 0), ({"days": 12}, 1), ({"days": 12, "authority": 20}, 2)])
def test_an_end_that_is_near_is_told(tmp_path: Path, given: dict[str, int], said: int) -> None:
    """Nobody here renews them."""
    near = cluster(tmp_path, **given)  # type: ignore[arg-type]
    assert [list(etcd_faults(near)), len(list(etcd_cautions(near)))] == [[], said]


def test_a_damaged_certificate_is_told(tmp_path: Path) -> None:
    """One that was cut off looks like one, and is none."""
    cut = cluster(tmp_path)
    whole = (tmp_path / "client.crt").read_text()
    (tmp_path / "client.crt").write_text(whole[:200] + "\n-----END CERTIFICATE-----\n")
    assert [str(fault) for fault in etcd_faults(cut) if "is damaged" in fault.problem]

"""The authorities and the admin's certificate, made by the real plugin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from components.identity import sign_node_request
from tests.integration.site import Site
from tests.unit import certificates, clusters

PROGRAM = """
import pulumi
from components import rules
from components.pki import ClusterPki, ClusterPkiArgs

cluster = rules.load(pulumi.Config().require_object("cluster"))
server = cluster.endpoint.server()
pki = ClusterPki(cluster.name, ClusterPkiArgs(cluster.name, server, server, cluster.certificates, True))
pki.etcd_member("etcd-1", ["etcd-1", "localhost"], ["192.0.2.31", "127.0.0.1"])
pki.etcd_client()
pulumi.export("kubeconfig", pki.kubeconfig)
"""
NAMES = {"kubernetes-ca": "kubernetes", "front-proxy-ca": "front-proxy-ca", "etcd-ca": "etcd-ca"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return a stack that has its authorities and nothing else."""
    folder: Path = tmp_path_factory.mktemp("pki")
    site = Site(folder, PROGRAM)
    site.configure(clusters.dev(folder))
    site.pulumi("up", "--yes", "--skip-preview")
    return site


@pytest.fixture(scope="module")
def state(made: Site) -> dict[str, dict[str, Any]]:
    """Return the state of that stack."""
    return made.state()


def certificate(state: dict[str, dict[str, Any]], name: str) -> x509.Certificate:
    """Return a certificate of the state."""
    return x509.load_pem_x509_certificate(output(state, name, "certPem").encode())


def output(state: dict[str, dict[str, Any]], name: str, key: str) -> str:
    """Return a text of the outputs of a resource of the cluster's, also a secret one."""
    return named(state, f"dev-{name}", key)


def named(state: dict[str, dict[str, Any]], name: str, key: str) -> str:
    """Return a text of a resource's outputs, also a secret one."""
    value = state[name]["outputs"][key]
    if isinstance(value, dict):
        value = json.loads(value["plaintext"])
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize("name", NAMES)
def test_authorities_are_what_kubeadm_takes(state: dict[str, dict[str, Any]], name: str) -> None:
    """Self-signed, allowed to sign certificates, ten years, under kubeadm's own names."""
    authority = certificate(state, f"{name}-certificate")
    assert authority.subject == authority.issuer
    assert authority.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == NAMES[name]
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = authority.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.key_cert_sign
    assert usage.digital_signature
    assert (authority.not_valid_after_utc - authority.not_valid_before_utc).days == 3650


def test_authorities_differ(state: dict[str, dict[str, Any]]) -> None:
    """Each has a key of its own: a client of etcd is no client of the API."""
    keys = {certificate(state, f"{name}-certificate").public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    ) for name in NAMES}  # fmt: skip
    assert len(keys) == 3


def test_the_admin_is_an_administrator_for_a_year(state: dict[str, dict[str, Any]]) -> None:
    """In kubeadm's group of administrators, which RBAC can take away; not in system:masters, which nothing can."""
    admin = certificate(state, "admin-certificate")
    admin.verify_directly_issued_by(certificate(state, "kubernetes-ca-certificate"))
    groups = [a.value for a in admin.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    assert groups == ["kubeadm:cluster-admins"]
    assert (admin.not_valid_after_utc - admin.not_valid_before_utc).days == 365
    usage = admin.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_an_etcd_member_is_client_and_server_by_its_names(state: dict[str, dict[str, Any]]) -> None:
    """Members call each other; a client believes it by name and by address, on the host itself too."""
    member = output(state, "etcd-ca-certificate", "certPem"), named(state, "etcd-1-etcd-certificate", "certPem")
    authority, shown = (x509.load_pem_x509_certificate(pem.encode()) for pem in member)
    shown.verify_directly_issued_by(authority)
    names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["etcd-1", "localhost"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.31", "127.0.0.1"]
    usage = shown.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert (shown.not_valid_after_utc - shown.not_valid_before_utc).days == 365


def test_a_client_of_etcd_is_no_server(state: dict[str, dict[str, Any]]) -> None:
    """What API servers show etcd is good for nothing else, and is no client of the API."""
    client = certificate(state, "etcd-client-certificate")
    client.verify_directly_issued_by(certificate(state, "etcd-ca-certificate"))
    assert list(client.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]


def test_the_authority_signs_nodes(state: dict[str, dict[str, Any]]) -> None:
    """The plugin's PEM of the key is one that identities are signed with."""
    pem = output(state, "kubernetes-ca-certificate", "certPem")
    key = output(state, "kubernetes-ca-key", "privateKeyPem")
    assert isinstance(serialization.load_pem_private_key(key.encode(), None), ec.EllipticCurvePrivateKey)
    signed = sign_node_request(certificates.prepared("worker-1"), "worker-1", pem, key)
    node = x509.load_pem_x509_certificate(signed.encode())
    node.verify_directly_issued_by(x509.load_pem_x509_certificate(pem.encode()))


def test_a_second_preview_changes_nothing(made: Site) -> None:
    """What is made stays as it is: no authority is ever replaced by chance."""
    shown = made.pulumi("preview", "--expect-no-changes").stdout
    assert "to replace" not in shown


def test_no_key_is_in_plain_text_in_the_state(made: Site, state: dict[str, dict[str, Any]]) -> None:
    """The file of the state holds keys encrypted by the stack's passphrase."""
    files = "".join(path.read_text() for path in (made.folder / "state").rglob("*.json"))
    assert "PRIVATE KEY" not in files
    for name in [*(f"{n}-key" for n in NAMES), "admin-key", "service-accounts"]:
        assert output(state, name, "privateKeyPem").splitlines()[1] not in files

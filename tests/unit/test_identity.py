"""A node's identity: what is signed, for whom, and what is refused."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from components.identity import LIFETIME, SKEW, sign_node_request
from tests.unit import certificates
from tests.unit.certificates import ISSUED, prepared

CA_KEY = certificates.private_pem("authority")
CA = certificates.authority_pem(CA_KEY, "kubernetes")


def signed(text: str, node: str = "worker-1") -> x509.Certificate:
    """Return the certificate that is made of what a host printed."""
    return x509.load_pem_x509_certificate(sign_node_request(text, node, CA, CA_KEY).encode())


def extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> Any:
    """Return the value of an extension."""
    return certificate.extensions.get_extension_for_oid(oid).value


def test_the_same_request_gives_the_same_bytes() -> None:
    """An unchanged host shows no change in a preview."""
    assert sign_node_request(prepared("worker-1"), "worker-1", CA, CA_KEY) == sign_node_request(
        prepared("worker-1"), "worker-1", CA, CA_KEY
    )


def test_another_time_gives_another_serial() -> None:
    """No two certificates of an authority have one serial number."""
    later = prepared("worker-1", issued=ISSUED + 1)
    assert signed(prepared("worker-1")).serial_number != signed(later).serial_number
    assert signed(prepared("worker-1")).serial_number != signed(prepared("worker-2"), "worker-2").serial_number


def test_serial_numbers_are_as_the_standard_wants() -> None:
    """Positive, and no longer than 20 bytes (RFC 5280)."""
    for node in (f"worker-{number}" for number in range(50)):
        assert 0 < signed(prepared(node), node).serial_number < 1 << 159


def test_the_authority_signed_it() -> None:
    """The API servers trust it: issuer, signature and key identifier are the authority's."""
    certificate, authority = signed(prepared("worker-1")), x509.load_pem_x509_certificate(CA.encode())
    certificate.verify_directly_issued_by(authority)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(certificates.key("authority").public_key())
    assert extension(certificate, ExtensionOID.AUTHORITY_KEY_IDENTIFIER) == identifier


def test_it_is_a_node_and_nothing_else() -> None:
    """The subject is what the API server makes user and group of: fixed, in this order, and nothing added."""
    assert signed(prepared("worker-1")).subject == certificates.subject("system:node:worker-1", "system:nodes")


def test_it_is_for_clients_alone() -> None:
    """It can neither sign nor serve."""
    certificate = signed(prepared("worker-1"))
    assert extension(certificate, ExtensionOID.BASIC_CONSTRAINTS) == x509.BasicConstraints(ca=False, path_length=None)
    usage = extension(certificate, ExtensionOID.EXTENDED_KEY_USAGE)
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert {e.oid for e in certificate.extensions} == {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    }


def test_it_is_for_the_key_of_the_host() -> None:
    """The private key never leaves the host, so the public one comes from the request."""
    assert signed(prepared("worker-1")).public_key() == certificates.key("host worker-1").public_key()


def test_it_is_valid_from_the_request_on() -> None:
    """The time comes from the host's own print: the same in every run, a little earlier for clocks that differ."""
    start = datetime.datetime.fromtimestamp(ISSUED, datetime.UTC)
    certificate = signed(prepared("worker-1"))
    assert certificate.not_valid_before_utc == start - SKEW
    assert certificate.not_valid_after_utc == start + LIFETIME
    assert datetime.timedelta(days=30) < LIFETIME <= datetime.timedelta(days=366)


@pytest.mark.parametrize(
    "who",
    [
        certificates.subject("system:node:worker-2", "system:nodes"),
        certificates.subject("kubernetes-admin", "system:masters"),
        certificates.subject("system:node:worker-1 ", "system:nodes"),
        certificates.subject("nobody"),
    ],
    ids=["another node", "an administrator", "a name with a space", "nobody"],
)
def test_a_request_for_another_name_is_refused(who: x509.Name) -> None:
    """A host asks for itself; what it asks for otherwise is an error that names it."""
    with pytest.raises(ValueError, match=r"worker-1: the certificate request is not this node's own; prepare"):
        sign_node_request(prepared("worker-1", who), "worker-1", CA, CA_KEY)


def test_two_names_are_refused() -> None:
    """A second common name does not slip in behind the first."""
    name = certificates.subject("system:node:worker-1", "system:nodes")
    both = x509.Name([*name, *certificates.subject("kubernetes-admin")])
    with pytest.raises(ValueError, match="not this node's own"):
        sign_node_request(prepared("worker-1", both), "worker-1", CA, CA_KEY)


def test_what_a_host_asks_for_does_not_count() -> None:
    """A group or an extension in the request is not in the certificate."""
    who = certificates.subject("system:node:worker-1", "system:masters")
    asked = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(who)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("kubernetes")]), critical=False)
        .sign(certificates.key("host worker-1"), hashes.SHA256())
    )
    certificate = signed(certificates.printed(asked))
    assert certificate.subject == certificates.subject("system:node:worker-1", "system:nodes")
    assert extension(certificate, ExtensionOID.BASIC_CONSTRAINTS) == x509.BasicConstraints(ca=False, path_length=None)
    assert ExtensionOID.SUBJECT_ALTERNATIVE_NAME not in {e.oid for e in certificate.extensions}


def test_a_broken_signature_is_refused() -> None:
    """Who asks has the private key: the request is signed with it."""
    who = certificates.subject("system:node:worker-1", "system:nodes")
    pem = certificates.request_pem(certificates.private_pem("host worker-1"), who)
    request = x509.load_pem_x509_csr(pem.encode())
    der = bytearray(request.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    broken = x509.load_der_x509_csr(bytes(der))
    assert not broken.is_signature_valid
    with pytest.raises(ValueError, match="not this node's own"):
        sign_node_request(certificates.printed(broken), "worker-1", CA, CA_KEY)


@pytest.mark.parametrize(
    "text",
    ["", "1750000000\n", "1750000000 bm90IGEgcmVxdWVzdA==\n", prepared("worker-1").replace(str(ISSUED), "soon", 1)],
    ids=["nothing", "no request", "something else", "no time"],
)
def test_other_prints_are_refused(text: str) -> None:
    """Whatever else a host prints is an error, not a certificate."""
    with pytest.raises(ValueError):  # noqa: PT011  # the parsers' own words
        sign_node_request(text, "worker-1", CA, CA_KEY)


def test_an_rsa_authority_is_refused() -> None:
    """Its signatures would differ in places where sameness is promised."""
    form = serialization.PrivateFormat.TraditionalOpenSSL
    pem = rsa.generate_private_key(65537, 1024).private_bytes(  # noqa: S505  # signs nothing
        serialization.Encoding.PEM, form, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="no ECDSA key"):
        sign_node_request(prepared("worker-1"), "worker-1", CA, pem.decode())

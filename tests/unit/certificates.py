"""Keys, certificates and requests as tls and hosts would make them, the same bytes in every run."""

from __future__ import annotations

import base64
import datetime
import hashlib
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: When hosts of the tests made their requests, in seconds since 1970.
ISSUED = 1_750_000_000
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key that belongs to a name, always the same one."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest(), "big")
    return ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())


def private_pem(name: str) -> str:
    """Return the key of a name as tls.PrivateKey gives it."""
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key(name).private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def public_pem(name: str) -> str:
    """Return the public key of a name."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key(name).public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def subject(common_name: str, organization: str | None = None) -> x509.Name:
    """Return a subject, the organization first as tls and openssl write it here."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization is not None:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def authority_pem(private: str, common_name: str) -> str:
    """Return the self-signed certificate of an authority with the key `private`."""
    signer = _loaded(private)
    return _certificate(subject(common_name), subject(common_name), signer.public_key(), signer, authority=True)


def signed_pem(request: str, ca_certificate: str, ca_key: str) -> str:
    """Return the certificate for a request, as tls.LocallySignedCert signs it."""
    asked = x509.load_pem_x509_csr(request.encode())
    public = asked.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    issuer = x509.load_pem_x509_certificate(ca_certificate.encode()).subject
    return _certificate(asked.subject, issuer, public, _loaded(ca_key), authority=False)


def request_pem(private: str, who: x509.Name) -> str:
    """Return a request for a subject, signed with `private`."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(who)
    signed = builder.sign(_loaded(private), hashes.SHA256(), ecdsa_deterministic=True)
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def prepared(node: str, who: x509.Name | None = None, issued: int = ISSUED) -> str:
    """Return what preparing a host prints: the time, and in base64 the request of the node, or of someone else."""
    pem = request_pem(private_pem(f"host {node}"), who or subject(f"system:node:{node}", "system:nodes"))
    return printed(x509.load_pem_x509_csr(pem.encode()), issued)


def printed(request: x509.CertificateSigningRequest, issued: int = ISSUED) -> str:
    """Return a request as preparing a host prints it."""
    der = request.public_bytes(serialization.Encoding.DER)
    return f"{issued} {base64.b64encode(der).decode()}\n"


def _loaded(pem: str) -> ec.EllipticCurvePrivateKey:
    loaded = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    return loaded


def _certificate(
    who: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> str:
    start = datetime.datetime.fromtimestamp(ISSUED, datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    signed = builder.sign(signer, hashes.SHA256(), ecdsa_deterministic=True)
    return signed.public_bytes(serialization.Encoding.PEM).decode()

"""A node's own certificate, signed from the request that its host printed.

A host makes its key and prints a request; what is signed here is the identity the node will have, and nothing else:
no bootstrap token, nothing that another machine could use. The private key never leaves the host.
"""

from __future__ import annotations

import base64
import datetime
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: Long enough for a host that is prepared long before it joins; from its first start on, the kubelet renews it.
LIFETIME = datetime.timedelta(days=365)
#: Clocks of hosts differ.
SKEW = datetime.timedelta(minutes=10)


def sign_node_request(prepared: str, node: str, ca_certificate: str, ca_key: str) -> str:
    """Return the PEM of a client certificate `system:node:<node>` for the request in `prepared`.

    `prepared` is what host preparation printed: the time in seconds since 1970 and a DER request in base64. The result
    depends on the arguments alone, to the byte, so that an unchanged host shows no change in a preview.

    Raises ValueError when the output holds no valid request, or one for another name.
    """
    issued, request_der = prepared.split()
    request = x509.load_der_x509_csr(base64.b64decode(request_der))
    names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if [n.value for n in names] != [f"system:node:{node}"] or not request.is_signature_valid:
        raise ValueError(f"{node}: the certificate request is not this node's own; prepare the host anew")
    start = datetime.datetime.fromtimestamp(int(issued), datetime.UTC)
    authority = x509.load_pem_x509_certificate(ca_certificate.encode())
    key = serialization.load_pem_private_key(ca_key.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the Kubernetes CA has no ECDSA key: identities must be signed the same way every time")
    # The subject is written here, not taken from the request: a host cannot choose what it may do.
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:nodes"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"system:node:{node}"),
        ]
    )
    serial = hashlib.sha256(prepared.strip().encode()).digest()[:16]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject)
        .public_key(request.public_key())
        .serial_number(int.from_bytes(serial, "big") >> 1 or 1)
        .not_valid_before(start - SKEW)
        .not_valid_after(start + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return certificate.public_bytes(serialization.Encoding.PEM).decode()

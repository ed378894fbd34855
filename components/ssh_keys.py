"""A key of SSH that is there already."""

from __future__ import annotations

import pulumi

from components.host import SshKey


def given_key(private: str) -> SshKey:
    """Return a key that is there already, with its public half found. Raises ValueError for text that is no key."""
    return SshKey(pulumi.Output.secret(private), _public_half(private))


def is_key(text: str) -> bool:
    """Whether text is a private key whose public half can be found."""
    try:
        return bool(_public_half(text))
    except (ValueError, TypeError, AttributeError):
        return False


def _public_half(private: str) -> str:
    # Here, since only who gives a key needs it, and it takes longer to load than all of components/.
    from cryptography.hazmat.primitives import serialization

    text = private.encode()
    openssh = b"BEGIN OPENSSH PRIVATE KEY" in text
    load = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    public = load(text, None).public_key()
    return public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()

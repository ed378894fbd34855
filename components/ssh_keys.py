"""Keys of SSH: made here for hosts and logins, or one that is there."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi
import pulumi_tls as tls


@dataclass(frozen=True)
class SshKey:
    """A key and its public half."""

    private: pulumi.Output[str] = field(repr=False)
    """The private key in OpenSSH's form or in PEM, secret."""
    public: pulumi.Input[str]
    """The public key, such as `ssh-ed25519 AAAA…`."""


def made_key(name: str, opts: pulumi.ResourceOptions | None = None) -> SshKey:
    """Return a key that is made once and kept in the state."""
    key = tls.PrivateKey(name, algorithm="ED25519", opts=opts)
    return SshKey(pulumi.Output.secret(key.private_key_openssh), key.public_key_openssh.apply(str.strip))


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

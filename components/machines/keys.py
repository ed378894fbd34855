"""What key files hold: host keys of known_hosts files, private keys to log in with."""

from __future__ import annotations

import base64
import hmac
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

#: Kinds of host key that both OpenSSH and the SSH client of pulumi-command agree on, best first. RSA is not among
#: them: pinned, it makes that client offer only ssh-rsa, which OpenSSH refuses since 8.8.
KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


@cache
def known_keys(text: str, where: str) -> dict[str, str]:
    """Return the keys by type of the lines of known_hosts text that name the host, plain or hashed."""
    known, name = _parsed(text), where.encode()
    named = [number for number, salt, digest in known.hashed if hmac.digest(salt, name, "sha1") == digest]
    return dict(known.keys[number] for number in sorted({*named, *known.plain.get(where, ())}))


@dataclass(frozen=True)
class _KnownHosts:
    """The lines of a known_hosts file, to be asked for a thousand hosts."""

    keys: list[tuple[str, str]]
    """Type and key, by line."""
    plain: dict[str, list[int]]
    """Lines by host."""
    hashed: list[tuple[int, bytes, bytes]]
    """Line, salt and digest, where the host is not to be read."""


@cache
def _parsed(text: str) -> _KnownHosts:
    known = _KnownHosts([], {}, [])
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 3 or line.startswith(("#", "@")):
            continue
        number = len(known.keys)
        known.keys.append((fields[1], fields[2]))
        if fields[0].startswith("|1|"):
            try:
                _, _, salt, digest = fields[0].split("|")
                known.hashed.append((number, base64.b64decode(salt), base64.b64decode(digest)))
            except ValueError:  # a line that is damaged names nobody
                continue
        else:
            for name in fields[0].split(","):
                known.plain.setdefault(name, []).append(number)
    return known


def is_public_key(text: str) -> bool:
    """Whether text is `<type> <base64>`, of a type we take, with the same type inside."""
    kind, _, encoded = text.partition(" ")
    try:
        blob = base64.b64decode(encoded.split(" ")[0], validate=True)
    except ValueError:
        return False
    return kind in KEY_TYPES and blob[4:].startswith(kind.encode()) and _is_whole(blob)


def _is_whole(blob: bytes) -> bool:
    """Whether the parts of a key, each behind its length, fill it: one that was copied in half is no host's."""
    place, parts = 0, 0
    while place + 4 <= len(blob):
        place += 4 + int.from_bytes(blob[place : place + 4], "big")
        parts += 1
    return place == len(blob) and parts > 1  # the first one is the type alone


@cache  # one key for all hosts is read for each
def unusable(key: str) -> tuple[str, str] | None:
    """Return why nobody can log in with the content of a key file, and what to do; None where somebody can."""
    head, _, rest = key.partition("\n")
    if not head.startswith("-----BEGIN ") or "PRIVATE KEY-----" not in head:
        return "does not hold a private key in PEM", "Name one; ssh-keygen -p -f <file> converts an old one."
    with suppress(ValueError):  # OpenSSH's own form names the cipher in its first bytes, the others say it in words
        body = base64.b64decode("".join(rest.partition("-----")[0].split()), validate=True)
        if body.startswith(b"openssh-key-v1\0") and not body[15:].startswith(b"\0\0\0\4none"):
            return _GUARDED
    return _GUARDED if "ENCRYPTED" in key else None


_GUARDED = (
    "asks for a passphrase, which nobody enters here",
    "Leave it out and add the key to the SSH agent: ssh-add.",
)

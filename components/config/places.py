"""Kinds of places in a cluster file: folders of hosts, and servers that are asked over TLS."""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Annotated

from pydantic import AfterValidator, Field

from components.config.values import NO_PORT

_SECURE = re.compile(r"https://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[(?P<six>[0-9A-Fa-f:.]+)\])(:[0-9]{1,5})?/?")


def _secure_url(value: str) -> str:
    if value.startswith("http://"):
        raise ValueError("not encrypted: write https://; without TLS everybody on the way reads every secret")
    match = _SECURE.fullmatch(value)
    if match is None or (match["six"] is not None and not _is_ipv6(match["six"])):
        raise ValueError(
            "not the address of a server: write it as https://<address or name>:<port> and nothing else; IPv6 goes"
            " into brackets"
        )
    if not re.match(rf"https://{NO_PORT}", value):
        raise ValueError("not an address with a port that there is: write one from 1 to 65535")
    return value.rstrip("/")


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


#: Folders of the system and of others: what is emptied when a member leaves must be etcd's alone.
_TAKEN = (
    *("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "tmp", "usr"),
    *("var/cache", "var/log", "var/run", "var/tmp", "var/lib/apt", "var/lib/containerd", "var/lib/dpkg"),
    *("var/lib/kubeadm-ha", "var/lib/kubelet", "var/lib/systemd"),
)


def _folder(value: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9_][A-Za-z0-9._-]*){2,}", value):
        raise ValueError(
            "not the path of a folder of its own: write it from the root, two levels or more, such as '/srv/etcd/data'"
        )
    if _is_taken(value):
        raise ValueError(
            "a folder of the system's: it is emptied when the member leaves; choose one such as '/srv/etcd/data'"
        )
    return value


def _is_taken(value: str) -> bool:
    return value in ("/var/lib", "/home") or any(f"{value}/".startswith(f"/{taken}/") for taken in _TAKEN)


def _kept_folder(value: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9_][A-Za-z0-9._-]*){2,}", value) or _is_taken(value):
        raise ValueError(
            "not the path of a folder of its own: write it from the root, two levels or more, not among the"
            " system's, such as '/srv/backups/etcd'"
        )
    return value


SecureUrl = Annotated[
    str,
    AfterValidator(_secure_url),
    Field(json_schema_extra={"pattern": rf"^https://{NO_PORT}([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{{1,5}})?/?$"}),
]
_SHAPE = Field(
    json_schema_extra={
        "pattern": rf"^(?!/({'|'.join(_TAKEN)})(/|$)|/var/lib$)(/[A-Za-z0-9_][A-Za-z0-9._-]*){{2,}}$",
    }
)
#: One that is emptied when its host leaves, and one whose content outlives that.
Folder = Annotated[str, AfterValidator(_folder), _SHAPE]
KeptFolder = Annotated[str, AfterValidator(_kept_folder), _SHAPE]

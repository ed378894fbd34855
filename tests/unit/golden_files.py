"""What is compared with tests/golden: everything that the program renders or runs, for each shape of cluster."""

from __future__ import annotations

import base64
import re

import yaml
from cryptography import x509

from tests.unit import monitor, wire
from tests.unit.monitor import Program

#: Scripts are sent as they are in scripts/: only what is rendered is compared.
_SCRIPT = re.compile(r"(lib/)?[a-z-]+\.sh")
_RECEIVE = re.compile(r"bash -c '.*?'")
_BASE64 = re.compile(r"^(\s+[a-z-]+-data: )(\S+)$", re.MULTILINE)
_KEY = re.compile(r"^(\s+secret: )(\S+)$", re.MULTILINE)
_PEM = "-----BEGIN "


def files(program: Program) -> dict[str, str]:
    """Return the content of every golden file of a shape, by path below the shape's folder.

    A rendered file that an earlier step got too, byte for byte, is written once.
    """
    found = {
        "resources.txt": _resources(program),
        "commands.txt": _commands(program),
        "bundles.txt": _bundles(program),
        "outputs.yaml": _outputs(program),
        "kubeconfig.yaml": _readable(wire.revealed(program.outputs["kubeconfig"])),
    }
    seen: set[tuple[str, str]] = set()
    for name, command in sorted(program.commands.items()):
        for path, text in monitor.unpacked(command.plain("stdin") or "").items():
            if not _SCRIPT.fullmatch(path) and _PEM not in text and (path, text) not in seen:
                seen.add((path, text))
                found[f"{name}/{path}"] = _readable(text)
    return found


def _resources(program: Program) -> str:
    lines = []
    for resource in sorted(program, key=lambda r: r.name):
        if resource.parent:
            lines.append(f"{resource.name} ({resource.type}) in {program.parent(resource.name)}")
            lines += [f"    after {other}" for other in sorted(program.depends(resource.name))]
    return "\n".join(lines) + "\n"


def _commands(program: Program) -> str:
    lines = []
    for name, command in sorted(program.commands.items()):
        connection = command.plain("connection")
        through = connection.get("proxy")
        by = f" through {through['user']}@{through['host']}:{through['port']}" if through else ""
        lines.append(f"{name} on {connection['user']}@{connection['host']}:{connection['port']}{by}")
        for key in ("create", "delete"):
            line = command.plain(key)
            lines.append(f"    {key}: {line and _RECEIVE.sub('bash -c <receive>', line)}")
    receive = _RECEIVE.search(next(iter(program.commands.values())).plain("create"))
    assert receive
    return "\n".join([f"<receive> is {receive[0].removeprefix('bash -c ')}", *lines]) + "\n"


def _bundles(program: Program) -> str:
    lines = []
    for name, command in sorted(program.commands.items()):
        lines += [name, *(f"    {path}" for path in monitor.unpacked(command.plain("stdin") or ""))]
    return "\n".join(lines) + "\n"


def _outputs(program: Program) -> str:
    outputs = {
        k: wire.revealed(v) for k, v in program.outputs.items() if k not in ("kubeconfig", "caCertificate", "etcd")
    }
    outputs["deployed"] |= {"program": "another with each change of this project"}
    return yaml.safe_dump(outputs)


def _readable(text: str) -> str:
    """Return a file with what it holds in base64 named instead: bytes of keys say nothing to a reader."""
    text = _KEY.sub(lambda match: f"{match[1]}<{len(base64.b64decode(match[2]))} bytes>", text)
    return _BASE64.sub(lambda match: f"{match[1]}<{_what(base64.b64decode(match[2]).decode())}>", text)


def _what(pem: str) -> str:
    if "PRIVATE KEY" in pem:
        return "a private key"
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return f"certificate of {certificate.subject.rfc4514_string()} by {certificate.issuer.rfc4514_string()}"

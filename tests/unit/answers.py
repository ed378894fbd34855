"""What providers answer to what is registered, for the tests' monitor."""

from __future__ import annotations

import shlex
from typing import Any

from tests.unit import certificates, cloud


def words_of(line: str) -> dict[str, str]:
    """Return the inputs that a command line gives to its script; none for one that runs no script."""
    words = shlex.split(line)
    assert words[0] == "exec"
    if words[1:] == ["true"]:
        return {}
    start = words.index("-c") + 3
    return dict(word.split("=", 1) for word in words[start:])


def outputs(kind: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return what the provider adds to the inputs."""
    match kind:
        case "tls:index/privateKey:PrivateKey":
            return {
                "privateKeyPem": certificates.private_pem(name),
                "publicKeyPem": certificates.public_pem(name),
                "privateKeyOpenssh": certificates.private_pem(name),
                "publicKeyOpenssh": f"ssh-ed25519 {cloud.public_half(name)}\n",
            }
        case "tls:index/selfSignedCert:SelfSignedCert":
            pem = certificates.authority_pem(inputs["privateKeyPem"], inputs["subject"]["commonName"])
            return {"certPem": pem, "validityEndTime": "2035-06-13T15:06:40Z"}
        case "tls:index/certRequest:CertRequest":
            who = certificates.subject(inputs["subject"]["commonName"], inputs["subject"].get("organization"))
            return {"certRequestPem": certificates.request_pem(inputs["privateKeyPem"], who)}
        case "tls:index/locallySignedCert:LocallySignedCert":
            pem = certificates.signed_pem(inputs["certRequestPem"], inputs["caCertPem"], inputs["caPrivateKeyPem"])
            return {"certPem": pem, "validityEndTime": "2026-06-15T15:06:40Z"}
        case "command:remote:Command":
            host, _, kind = name.rpartition("-")
            if kind == "prepare":
                # Of a lost host too: its step stays in the state as it was.
                return {"stdout": certificates.prepared(host), "stderr": ""}
            joins = words_of(inputs["create"]).get("STEP") == "join-control-plane"
            return {"stdout": '{"apiserver": "2026-06-15T15:06:40Z"}\n' if joins else "", "stderr": ""}
    if kind.startswith(("aws:", "pulumi:providers:aws")):
        return cloud.outputs(kind, name, inputs)
    raise AssertionError(f"{kind} is a new kind of resource: say here what its provider answers")

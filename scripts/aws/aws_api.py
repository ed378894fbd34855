"""Asks AWS with what a machine's own role allows: signed requests (Signature Version 4), by the standard library alone.

Runs on machines as their image brings them: Python 3.10 or later, which cloud-init needs too. Nothing secret is ever in
an argument, an environment or a message.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

TIMEOUT_SECONDS = 20
#: As AWS's own tools have them, for who asks something else that answers alike.
METADATA = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254").rstrip("/")
ELSEWHERE = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")


class AwsError(Exception):
    """AWS did not do what it was asked."""


@dataclass(frozen=True)
class Credentials:
    """What a machine's role gives it for some hours."""

    key: str
    secret: str
    token: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.key})"


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    service: str,
    region: str,
    credentials: Credentials,
    now: datetime,
) -> dict[str, str]:
    """Return the headers of a request with those that sign it."""
    parts = urlsplit(url)
    time = now.strftime("%Y%m%dT%H%M%SZ")
    day = time[:8]
    digest = hashlib.sha256(body).hexdigest()
    signed = {"host": parts.netloc, "x-amz-date": time, **{name.lower(): value for name, value in headers.items()}}
    if credentials.token:
        signed["x-amz-security-token"] = credentials.token
    if service == "s3":
        signed["x-amz-content-sha256"] = digest
    names = sorted(signed)
    # S3 takes a path as it is; for everybody else it is quoted once more.
    path = quote(parts.path or "/", safe="/-_.~%" if service == "s3" else "/-_.~")
    query = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(parts.query, True))
    canonical = "\n".join(
        [
            method,
            path,
            "&".join(f"{k}={v}" for k, v in query),
            *(f"{name}:{' '.join(signed[name].split())}" for name in names),
            "",
            ";".join(names),
            digest,
        ]
    )
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + credentials.secret.encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    signed["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.key}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return signed


def _sent(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    request = urllib.request.Request(url, data=body or None, headers=dict(headers), method=method)  # noqa: S310  # ours
    # No proxy: neither metadata nor, in a closed network, AWS's own services are behind one.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
        read: bytes = answer.read()
        return read


class Machine:
    """What a machine can find out about itself: its metadata, by session tokens alone (IMDSv2)."""

    def __init__(self) -> None:
        self._session = ""

    def read(self, path: str) -> str | None:
        """Return one entry of the metadata, None where there is no such entry."""
        for again in (True, False):
            try:
                if not self._session:
                    wanted = {"X-aws-ec2-metadata-token-ttl-seconds": "21600"}
                    self._session = self._asked("PUT", "/latest/api/token", wanted)
                return self._asked("GET", f"/latest/meta-data/{path}", {"X-aws-ec2-metadata-token": self._session})
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return None
                self._session = ""  # it may have come to its end
                if error.code != 401 or not again:
                    raise AwsError(f"metadata {path}: {error.code}") from None
        return None

    def needed(self, path: str) -> str:
        """Return one entry of the metadata. Raises AwsError where there is none."""
        found = self.read(path)
        if not found:
            raise AwsError(f"metadata {path}: there is none")
        return found

    def credentials(self) -> Credentials:
        """Return what the machine's role gives it now."""
        role = self.needed("iam/security-credentials/").split()[0]
        given = json.loads(self.needed(f"iam/security-credentials/{role}"))
        return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["Token"])

    def _asked(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        try:
            return _sent(method, METADATA + path, headers).decode()
        except urllib.error.HTTPError:
            raise
        except OSError as error:
            raise AwsError(f"metadata: {error}") from None


@dataclass(frozen=True)
class Aws:
    """The services of a region, asked as the machine."""

    region: str
    machine: Machine

    def stored(self, bucket: str, key: str) -> bytes:
        """Return an object of S3."""
        base = f"{ELSEWHERE}/{bucket}" if ELSEWHERE else self._url("s3", f"{bucket}.")
        return self._asked("GET", f"{base}/{quote(key)}", {}, b"", "s3")

    def parameter(self, name: str) -> str:
        """Return a parameter of SSM, decrypted."""
        return str(self._ssm("GetParameter", {"Name": name, "WithDecryption": True})["Parameter"]["Value"])

    def put_parameter(self, name: str, value: str) -> None:
        """Set an encrypted parameter of SSM that is there."""
        self._ssm("PutParameter", {"Name": name, "Value": value, "Type": "SecureString", "Overwrite": True})

    def ec2(self, action: str, **given: str) -> str:
        """Return EC2's answer, as XML."""
        return self._form("ec2", action, "2016-11-15", given)

    def autoscaling(self, action: str, **given: str) -> str:
        """Return Auto Scaling's answer, as XML."""
        return self._form("autoscaling", action, "2011-01-01", given)

    def _ssm(self, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"AmazonSSM.{action}"}
        answer = self._asked("POST", f"{self._url('ssm')}/", headers, json.dumps(given).encode(), "ssm")
        parsed: dict[str, Any] = json.loads(answer or b"{}")
        return parsed

    def _form(self, service: str, action: str, version: str, given: Mapping[str, str]) -> str:
        body = urlencode({"Action": action, "Version": version, **given}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        return self._asked("POST", f"{self._url(service)}/", headers, body, service).decode()

    def _url(self, service: str, before: str = "") -> str:
        china = ".cn" if self.region.startswith("cn-") else ""
        return ELSEWHERE or f"https://{before}{service}.{self.region}.amazonaws.com{china}"

    def _asked(self, method: str, url: str, headers: Mapping[str, str], body: bytes, service: str) -> bytes:
        now = datetime.now(timezone.utc)  # noqa: UP017  # Python 3.10 knows no other name
        signed = sign(method, url, headers, body, service, self.region, self.machine.credentials(), now)
        what = signed.get("x-amz-target") or dict(parse_qsl(body.decode())).get("Action") or f"{method} {service}"
        try:
            return _sent(method, url, signed, body)
        except urllib.error.HTTPError as error:
            said = " ".join(error.read(400).decode(errors="replace").split())
            raise AwsError(f"{what}: {error.code} {said}") from None
        except OSError as error:
            raise AwsError(f"{what}: {error}") from None

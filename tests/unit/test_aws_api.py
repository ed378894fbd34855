"""scripts/aws/aws_api.py: requests signed as AWS's own published examples are, and asked of something that answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aws_api
import pytest

#: Of the test suite for Signature Version 4 that AWS publishes, and of the examples in the guide to S3.
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
WEB = "https://example.amazonaws.com"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "signature"),
    [
        ("GET", f"{WEB}/", {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", f"{WEB}/", {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            f"{WEB}/?Param2=value2&Param1=value1",
            {},
            b"",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        ("POST", f"{WEB}/", FORM, b"Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ],
)
def test_a_request_is_signed_as_aws_signs_it(
    method: str, url: str, headers: dict[str, str], body: bytes, signature: str
) -> None:
    """Method, path, query in its order, headers and body."""
    credentials = aws_api.Credentials(KEY, SECRET)
    signed = aws_api.sign(method, url, headers, body, "service", "us-east-1", credentials, NOW)
    assert signed["authorization"].endswith(f"Signature={signature}")
    assert f"Credential={KEY}/20150830/us-east-1/service/aws4_request" in signed["authorization"]


def test_an_object_is_asked_for_as_s3_wants_it() -> None:
    """The checksum of the body is a header, and the path is quoted once."""
    credentials = aws_api.Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    now = datetime(2013, 5, 24, tzinfo=UTC)
    url = "https://examplebucket.s3.amazonaws.com/test.txt"
    signed = aws_api.sign("GET", url, {"Range": "bytes=0-9"}, b"", "s3", "us-east-1", credentials, now)
    assert signed["authorization"].endswith("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")


def test_the_session_s_token_is_signed_too() -> None:
    """What a machine's role gives is of no use without it, and another one does not fit."""
    found = {
        aws_api.sign("GET", f"{WEB}/", {}, b"", "ssm", "eu-central-1", aws_api.Credentials(KEY, SECRET, t), NOW)[
            "authorization"
        ]
        for t in ("one", "other")
    }
    assert len(found) == 2
    assert all("SignedHeaders=host;x-amz-date;x-amz-security-token" in header for header in found)


def test_credentials_show_no_secret() -> None:
    """Neither in a traceback nor in a log."""
    assert SECRET not in repr(aws_api.Credentials(KEY, SECRET, "token"))


class _Cloud(BaseHTTPRequestHandler):
    """A machine's metadata, which ends a session after two questions, and services that tell what they were asked."""

    asked: list[tuple[str, str, dict[str, str], bytes]] = []  # noqa: RUF012  # of one test each

    def do_PUT(self) -> None:
        self._answer(200, b"session", b"")

    def do_GET(self) -> None:
        ours = [headers for _, path, headers, _ in self.asked if path.startswith("/latest/meta-data")]
        if self.path.startswith("/latest/meta-data/"):
            if len(ours) == 2:
                self._answer(401, b"", b"")
            elif self.path.endswith("/nothing"):
                self._answer(404, b"", b"")
            elif self.path.endswith("security-credentials/"):
                self._answer(200, b"role\n", b"")
            else:
                self._answer(
                    200, json.dumps({"AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": "t"}).encode(), b""
                )
        else:
            self._answer(403 if "forbidden" in self.path else 200, b"<Error>no\n  right</Error>", b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self._answer(200, json.dumps({"Parameter": {"Value": "secret"}}).encode(), body)

    def _answer(self, status: int, text: bytes, body: bytes) -> None:
        self.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, dict[str, str], bytes]]]:
    """Answer on loopback; what was asked is returned."""
    _Cloud.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Cloud) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(aws_api, "METADATA", url)
        monkeypatch.setattr(aws_api, "ELSEWHERE", url)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield _Cloud.asked
        server.shutdown()


def test_metadata_is_read_by_sessions_alone(cloud: list[Any]) -> None:
    """A session is asked for, and asked for anew when it has ended; what is not there is None."""
    machine = aws_api.Machine()
    assert machine.read("nothing") is None
    assert machine.read("a") is not None
    assert machine.read("b") is not None
    assert [f"{method} {path}" for method, path, _, _ in cloud] == [
        "PUT /latest/api/token",
        "GET /latest/meta-data/nothing",
        "GET /latest/meta-data/a",
        "GET /latest/meta-data/b",
        "PUT /latest/api/token",
        "GET /latest/meta-data/b",
    ]
    assert cloud[1][2]["x-aws-ec2-metadata-token"] == "session"


def test_a_parameter_is_put_and_read(cloud: list[Any]) -> None:
    """As the machine; encrypted, over what is there. The value is in the body, and nowhere else."""
    aws = aws_api.Aws("eu-central-1", aws_api.Machine())
    aws.put_parameter("/kubeadm-ha/prod/join-token", "abcdef.0123456789abcdef")
    assert aws.parameter("/kubeadm-ha/prod/join-token") == "secret"
    (_, path, headers, body), (_, _, read, _) = (asked for asked in cloud if asked[0] == "POST")
    assert path == "/"
    assert json.loads(body) == {
        "Name": "/kubeadm-ha/prod/join-token",
        "Value": "abcdef.0123456789abcdef",
        "Type": "SecureString",
        "Overwrite": True,
    }
    assert headers["x-amz-target"] == "AmazonSSM.PutParameter"
    assert headers["x-amz-security-token"] == "t"
    assert "/eu-central-1/ssm/aws4_request" in headers["authorization"]
    assert "abcdef" not in str(headers)
    assert read["x-amz-target"] == "AmazonSSM.GetParameter"


def test_what_is_refused_is_told_in_one_line(cloud: list[Any]) -> None:
    """With what was asked, and what AWS has against it."""
    aws = aws_api.Aws("eu-central-1", aws_api.Machine())
    assert not cloud
    assert aws.stored("bundles", "burst/0") == b"<Error>no\n  right</Error>"
    with pytest.raises(aws_api.AwsError, match=r"^GET s3: 403 <Error>no right</Error>$"):
        aws.stored("bundles", "forbidden")


def test_services_are_where_aws_has_them() -> None:
    """In China they have an end of their own."""
    aws = aws_api.Aws("eu-central-1", aws_api.Machine())
    assert aws._url("ssm") == "https://ssm.eu-central-1.amazonaws.com"
    assert aws._url("s3", "bucket.") == "https://bucket.s3.eu-central-1.amazonaws.com"
    assert aws_api.Aws("cn-north-1", aws_api.Machine())._url("ec2") == "https://ec2.cn-north-1.amazonaws.com.cn"

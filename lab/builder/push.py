"""Putting images into a registry, over the same HTTP that every client speaks."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from lab.builder.inputs import BuildError

#: Seconds that a registry may take to answer at first, and for one request later.
START = 20.0
REQUEST = 120.0
LOOPBACK = "127.0.0.1"


def settings(storage: Path, address: str) -> str:
    """Return the registry's configuration: files below `storage`, plain HTTP on `address`."""
    document = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(storage)}},
        "http": {"addr": address},
    }
    return json.dumps(document, indent=2) + "\n"


@contextmanager
def registry(program: Path, storage: Path, work: Path) -> Iterator[str]:
    """Run a registry on a free port of this machine; yield its address, end it afterwards.

    `work` is a folder for its configuration and its log. Raises BuildError when it does not
    answer.
    """
    with socket.create_server((LOOPBACK, 0)) as probe:
        address = f"{LOOPBACK}:{probe.getsockname()[1]}"
    file, log = work / "registry.json", work / "registry.log"
    # YAML is what it reads, and JSON is YAML.
    file.write_text(settings(storage, address))
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    with log.open("wb") as output:
        process = subprocess.Popen([program, "serve", file], stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            _wait(process, address, log)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if _request(address, "GET", "/v2/")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    last = log.read_text().strip().splitlines()[-1:]
    raise BuildError(f"the registry did not answer on {address}: {' '.join(last) or 'no word'}")


def blob(address: str, repository: str, digest: str, content: Path | bytes) -> None:
    """Upload one blob unless the repository has it. Raises BuildError when it is refused."""
    base = f"/v2/{repository}/blobs"
    if _request(address, "HEAD", f"{base}/{digest}")[0] == 200:
        return
    status, headers = _request(address, "POST", f"{base}/uploads/")
    place = urlsplit(headers.get("location", ""))
    if status != 202 or not place.path:
        raise BuildError(f"{repository}: the registry takes no upload (status {status})")
    target = f"{place.path}?{place.query}&digest={digest}"
    status, _ = _request(address, "PUT", target, content, "application/octet-stream")
    if status != 201:
        raise BuildError(f"{repository}: the registry refused {digest} (status {status})")


def manifest(address: str, repository: str, tag: str, document: bytes, media: str) -> None:
    """Upload a manifest under its tag. Raises BuildError when it is refused."""
    status, _ = _request(address, "PUT", f"/v2/{repository}/manifests/{tag}", document, media)
    if status != 201:
        raise BuildError(f"{repository}:{tag}: the registry refused the manifest (status {status})")


def _request(
    address: str, method: str, target: str, body: Path | bytes = b"", media: str = ""
) -> tuple[int, dict[str, str]]:
    """Send one request and return its status and its headers, names in lower case."""
    connection = http.client.HTTPConnection(address, timeout=REQUEST)
    try:
        headers = {"Content-Type": media} if media else {}
        if isinstance(body, Path):
            headers["Content-Length"] = str(body.stat().st_size)
            with body.open("rb") as file:
                connection.request(method, target, body=file, headers=headers)
        else:
            connection.request(method, target, body=body or None, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()

"""Asking an API server whether it is ready, as a client of the cluster would: TLS verified, with a deadline."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from verify.facts import Probe

SECONDS = 4.0
#: /readyz names its failing parts in a few lines.
MOST_BYTES = 16384


def probe(address: str, port: int, server_name: str, ca: str) -> Probe:
    """Return what GET /readyz at `address` says; the certificate must be of `ca` and for `server_name`.

    Never raises, and takes little more than SECONDS.
    """
    start = time.monotonic()
    try:
        context = ssl.create_default_context(cadata=ca)
        with socket.create_connection((address, port), timeout=SECONDS) as plain:
            # What is left of the deadline, not another one: a host that takes connections may be dead behind them.
            _limit(plain, start)
            with context.wrap_socket(plain, server_hostname=server_name) as secured:
                ends = _ends(secured)
                _limit(secured, start)
                status, body, date = _get(secured, server_name)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Probe(False, time.monotonic() - start, _said(error))
    problem = "" if status == http.client.OK else _failing(status, body)
    return Probe(not problem, time.monotonic() - start, problem, ends, date)


def _limit(connection: socket.socket, start: float) -> None:
    connection.settimeout(max(0.1, SECONDS - (time.monotonic() - start)))


def _get(secured: ssl.SSLSocket, host: str) -> tuple[int, str, datetime | None]:
    connection = http.client.HTTPConnection(host)
    connection.sock = secured
    connection.request("GET", "/readyz", headers={"Connection": "close"})
    with connection.getresponse() as response:
        date = response.headers["Date"]
        body = response.read(MOST_BYTES).decode(errors="replace")
        return response.status, body, parsedate_to_datetime(date) if date else None


def _ends(secured: ssl.SSLSocket) -> datetime | None:
    certificate = secured.getpeercert()
    text = certificate.get("notAfter") if certificate else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC) if isinstance(text, str) else None


def _failing(status: int, body: str) -> str:
    """Return the parts that /readyz marks with [-]."""
    parts = [line[3:].split(" ")[0] for line in body.splitlines() if line.startswith("[-]")]
    return f"not ready: {', '.join(parts)}" if parts else f"not ready: status {status}"


def _said(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return f"no answer within {SECONDS:.0f} s"
    if isinstance(error, ssl.SSLError):
        return f"no TLS: {error.reason or 'the connection was closed'}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "the connection was closed" if isinstance(error, http.client.RemoteDisconnected) else str(error)

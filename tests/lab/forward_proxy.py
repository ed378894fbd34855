"""A proxy for http, such as a site has at its edge; prints each address that it was asked for."""

from __future__ import annotations

import http.server
import shutil
import sys
import urllib.error
import urllib.request

PASSED_ON = ("Accept", "Range", "User-Agent")


class Handler(http.server.BaseHTTPRequestHandler):
    """Fetches what is asked for, whole addresses alone."""

    def do_GET(self) -> None:
        """Fetch, and hand on what came."""
        print(self.path, flush=True)
        headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
        request = urllib.request.Request(self.path, headers=headers, method=self.command)  # noqa: S310  # a test's own
        try:
            answer = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.end_headers()
            shutil.copyfileobj(answer, self.wfile)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing more."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()

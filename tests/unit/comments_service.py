"""A server on loopback that plays the comments of GitHub and GitLab, and writes down what it was asked."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

GITHUB = "/repos/acme/clusters/issues/7/comments"
GITLAB = "/projects/acme%2Fclusters/merge_requests/7/notes"
TOKEN = "a-token-that-nobody-may-see"


@dataclass
class Comments:
    """The comments of one pull request, as both services keep them."""

    url: str = ""
    kept: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Method and path of each request that changes something, and of each page."""
    redirect_to: str = ""
    """Where every request is sent instead."""

    def add(self, body: str, login: str = "github-actions[bot]", author: int = 40) -> None:
        """Put a comment there."""
        number = 100 + len(self.kept)
        self.kept.append({"id": number, "body": body, "user": {"login": login}, "author": {"id": author}})

    def answer(self, method: str, path: str, headers: Any, body: Any) -> tuple[int, Any]:
        """Return status and document of a request."""
        where = urlsplit(path)
        self.asked.append(f"{method} {path}")
        if self.redirect_to:
            return 307, None
        github = headers.get("Authorization") == f"Bearer {TOKEN}"
        if not github and headers.get("PRIVATE-TOKEN") != TOKEN:
            return 401, {"message": "Bad credentials"}
        if method == "GET" and where.path == "/user":
            return (200, {"id": 40}) if not github else (403, {"message": "not for this token"})
        if where.path != (GITHUB if github else GITLAB):
            return self._change(method, where.path, github, body)
        if method == "POST":
            self.add(body["body"])
            return 201, self.kept[-1]
        asked = {key: int(values[0]) for key, values in parse_qs(where.query).items() if values[0].isdigit()}
        first = (asked["page"] - 1) * asked["per_page"]
        return 200, self.kept[first : first + asked["per_page"]]

    def _change(self, method: str, path: str, github: bool, body: Any) -> tuple[int, Any]:
        found = re.fullmatch("/repos/acme/clusters/issues/comments/(.*)" if github else f"{GITLAB}/(.*)", path)
        if not found or method != ("PATCH" if github else "PUT"):
            return 404, {"message": "Not Found"}
        comment = next(c for c in self.kept if c["id"] == int(found[1]))
        comment["body"] = body["body"]
        return 200, comment


@contextmanager
def comments_service() -> Iterator[Comments]:
    """Serve comments while the block runs."""
    comments = Comments()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            status, document = comments.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            if comments.redirect_to:
                self.send_header("Location", comments.redirect_to + self.path)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        do_GET = do_POST = do_PATCH = do_PUT = _do  # noqa: N815  # the server's own names

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        comments.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield comments
        finally:
            server.shutdown()
            thread.join()

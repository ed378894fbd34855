"""One comment on a pull request, created once and updated after that. scripts/ci/post-comment.

GitHub's and GitLab's interfaces, with nothing but the standard library. The token comes on standard input.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

SECONDS = 30
PAGE = 100
#: So many pages are looked through for our comment.
PAGES = 50
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class NoteError(Exception):
    """The comment cannot be posted; the text says why, and the way out."""


def marker(stack: str) -> str:
    """Return the line, hidden in what is shown, by which the comment of a stack is found again."""
    return f"<!-- kubeadm-ha: plan of stack {stack} -->"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects would carry the token to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none."""


@dataclass(frozen=True)
class Interface:
    """An HTTP interface that speaks JSON."""

    url: str
    headers: dict[str, str] = field(repr=False)

    def __post_init__(self) -> None:
        where = urlsplit(self.url)
        if where.scheme != "https" and where.hostname not in _LOOPBACK:
            raise NoteError(f"{self.url} is not https: the token would travel in the clear.")

    def ask(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        """Return the answer to a request; raises NoteError."""
        request = urllib.request.Request(  # noqa: S310  # the scheme is looked at above
            self.url.rstrip("/") + path,
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json", "User-Agent": "kubeadm-ha", **self.headers},
        )
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise NoteError(f"{method} {self.url}{path}: status {error.code}. {_remedy(error.code)}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "no JSON"
            raise NoteError(f"{method} {self.url}{path}: {reason}.") from None


def _remedy(status: int) -> str:
    match status:
        case 401 | 403:
            return "The token may not do this: it needs `pull-requests: write` on GitHub, scope `api` on GitLab."
        case 404:
            return "There is no such pull request, or the token may not see it."
        case 422 | 413:
            return "The comment was not taken: see its length."
        case 429:
            return "Too many requests: run the job again later."
    return "Run the job again; when it goes on, see the service's status."


class Service(Protocol):
    """Comments of one pull request."""

    def mine(self) -> Iterator[tuple[int, str]]:
        """Yield id and text of each comment by the token's own author, oldest first."""

    def create(self, text: str) -> None:
        """Add a comment."""

    def update(self, identity: int, text: str) -> None:
        """Replace a comment's text."""


class GitHub:
    """Comments of a pull request on GitHub."""

    def __init__(self, url: str, token: str, repository: str, number: int, author: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        self._interface = Interface(url, headers)
        self._repository = f"/repos/{quote(repository)}"
        self._comments = f"{self._repository}/issues/{number}/comments"
        self._author = author

    def mine(self) -> Iterator[tuple[int, str]]:
        """Yield id and text of each comment by the author: one that somebody else has written is theirs to change."""
        for comment in _pages(self._interface, self._comments):
            if (comment.get("user") or {}).get("login") == self._author:
                yield comment["id"], comment["body"]

    def create(self, text: str) -> None:
        """Add a comment."""
        self._interface.ask("POST", self._comments, {"body": text})

    def update(self, identity: int, text: str) -> None:
        """Replace a comment's text."""
        self._interface.ask("PATCH", f"{self._repository}/issues/comments/{identity}", {"body": text})


class GitLab:
    """Notes of a merge request on GitLab."""

    def __init__(self, url: str, token: str, project: str, number: int) -> None:
        self._interface = Interface(url, {"PRIVATE-TOKEN": token})
        self._notes = f"/projects/{quote(project, safe='')}/merge_requests/{number}/notes"

    def mine(self) -> Iterator[tuple[int, str]]:
        """Yield id and text of each note by the token's own user."""
        user = self._interface.ask("GET", "/user")["id"]
        for note in _pages(self._interface, self._notes, "&sort=asc"):
            if (note.get("author") or {}).get("id") == user:
                yield note["id"], note["body"]

    def create(self, text: str) -> None:
        """Add a note."""
        self._interface.ask("POST", self._notes, {"body": text})

    def update(self, identity: int, text: str) -> None:
        """Replace a note's text."""
        self._interface.ask("PUT", f"{self._notes}/{identity}", {"body": text})


def _pages(interface: Interface, path: str, more: str = "") -> Iterator[Any]:
    for number in range(1, PAGES + 1):
        page = interface.ask("GET", f"{path}?per_page={PAGE}&page={number}{more}")
        yield from page
        if len(page) < PAGE:
            return


def post(service: Service, text: str) -> str:
    """Create the comment, or update the one with the same marker; returns what was done."""
    mark = text.partition("\n")[0]
    for identity, old in service.mine():
        if old.partition("\n")[0].strip() == mark:
            service.update(identity, text)
            return f"comment {identity} is updated"
    service.create(text)
    return "a comment is created"


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/ci/post-comment",
        description="Posts a comment on a pull request, or updates the one that it has posted before. The token is read"
        " from standard input.",
        allow_abbrev=False,
    )
    parser.add_argument("service", choices=["github", "gitlab"])
    parser.add_argument("file", type=Path, help="the comment, as scripts/ci/plan-comment prints it")
    parser.add_argument("--number", type=int, required=True, help="of the pull request or merge request")
    where = {"github": ("GITHUB_API_URL", "GITHUB_REPOSITORY"), "gitlab": ("CI_API_V4_URL", "CI_PROJECT_ID")}
    parser.add_argument("--api", help=f"address of the interface; {' or '.join(v[0] for v in where.values())}")
    parser.add_argument("--repository", help=f"whose pull request; {' or '.join(v[1] for v in where.values())}")
    parser.add_argument("--author", default="github-actions[bot]", help="who the token is on GitHub (%(default)s)")
    options = parser.parse_args(words)
    url, repository = (
        given or os.environ.get(variable, "")
        for given, variable in zip((options.api, options.repository), where[options.service], strict=True)
    )
    try:
        text, token = _text(options.file), sys.stdin.read().strip()
        if not (url and repository):
            raise NoteError(f"outside of a job, give --api and --repository ({', '.join(where[options.service])}).")
        if not token or not token.isprintable():
            raise NoteError("there is no token on standard input.")
        service: Service
        if options.service == "github":
            service = GitHub(url, token, repository, options.number, options.author)
        else:
            service = GitLab(url, token, repository, options.number)
        print(post(service, text))
    except NoteError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _text(file: Path) -> str:
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise NoteError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None
    if not text.startswith("<!-- kubeadm-ha: "):
        raise NoteError(f"{file} does not begin with the marker: scripts/ci/plan-comment prints it.")
    return text


if __name__ == "__main__":
    sys.exit(main())

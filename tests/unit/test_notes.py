"""One comment on a pull request, with a server on loopback in the service's place."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner import notes
from tests.unit.comments_service import GITHUB, GITLAB, TOKEN, Comments, comments_service

TREE = Path(__file__).resolve().parents[2]
FIRST = f"{notes.marker('prod')}\n### Plan for prod: worker w-3 joins.\n"
SECOND = f"{notes.marker('prod')}\n### Plan for prod: nothing changes in the cluster.\n"


@pytest.fixture
def service() -> Iterator[Comments]:
    """Return a service without a comment."""
    with comments_service() as comments:
        yield comments


def post(
    kind: str, url: str, text: str, folder: Path, token: str = TOKEN, repository: str = "acme/clusters"
) -> subprocess.CompletedProcess[str]:
    """Run the script as a job does: the token on standard input."""
    file = folder / "comment.md"
    file.write_text(text)
    where = ["--number", "7", "--repository", repository]
    command = [str(TREE / "scripts/ci/post-comment"), kind, *where, "--api", url, str(file)]
    return subprocess.run(
        command, input=f"{token}\n", env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_the_comment_is_created_once_and_then_updated(kind: str, service: Comments, tmp_path: Path) -> None:
    """Two pushes, one comment, the newer text."""
    assert post(kind, service.url, FIRST, tmp_path).stdout == "a comment is created\n"
    assert post(kind, service.url, SECOND, tmp_path).stdout == "comment 100 is updated\n"
    assert [comment["body"] for comment in service.kept] == [SECOND]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_each_stack_has_its_own(kind: str, service: Comments, tmp_path: Path) -> None:
    """The marker names the stack; `prod` is not taken for `prod-2`."""
    other = f"{notes.marker('prod-2')}\nanother cluster\n"
    for text in (FIRST, other, SECOND):
        assert post(kind, service.url, text, tmp_path).returncode == 0
    assert [comment["body"] for comment in service.kept] == [SECOND, other]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_the_comment_is_found_on_a_later_page(kind: str, service: Comments, tmp_path: Path) -> None:
    """A long discussion does not lead to a second comment."""
    for number in range(230):
        service.add(f"remark {number}", login="somebody", author=3)
    service.add(FIRST)
    assert post(kind, service.url, SECOND, tmp_path).stdout == "comment 330 is updated\n"
    assert len(service.kept) == 231
    pages = [line for line in service.asked if line.startswith(f"GET {GITHUB if kind == 'github' else GITLAB}")]
    assert len(pages) == 3


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_a_comment_of_somebody_else_is_left_alone(kind: str, service: Comments, tmp_path: Path) -> None:
    """Who puts our marker into a comment of theirs could else rewrite the plan after us."""
    service.add(FIRST, login="mallory", author=66)
    assert post(kind, service.url, SECOND, tmp_path).stdout == "a comment is created\n"
    assert [comment["body"] for comment in service.kept] == [FIRST, SECOND]


def test_a_marker_that_is_quoted_is_no_marker(service: Comments, tmp_path: Path) -> None:
    """Only a comment that begins with it is ours."""
    service.add(f"As I said:\n{FIRST}")
    assert post("github", service.url, SECOND, tmp_path).stdout == "a comment is created\n"


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("github", {"token": "wrong"}, "status 401. The token may not do this"),
        ("gitlab", {"token": "wrong"}, "status 401. The token may not do this"),
        ("github", {"repository": "acme/other"}, "status 404. There is no such pull request"),
        ("github", {"token": ""}, "there is no token on standard input"),
        ("github", {"text": "no marker"}, "does not begin with the marker"),
        ("github", {"url": "http://192.0.2.1"}, "is not https: the token would travel in the clear"),
        ("github", {"url": "http://127.0.0.1:9"}, "Connection refused"),
    ],
)
def test_what_goes_wrong_is_a_sentence(
    kind: str, change: dict[str, str], said: str, service: Comments, tmp_path: Path
) -> None:
    """What happened and the way out, without a traceback and without the token."""
    given = {"url": service.url, "text": FIRST, "folder": tmp_path} | change
    done = post(kind, **given)  # type: ignore[arg-type]
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stderr + done.stdout
    assert service.kept == []


def test_the_token_does_not_follow_a_redirect(service: Comments, tmp_path: Path) -> None:
    """A repository that has moved is named in an error; nobody else is sent the token."""
    with comments_service() as other:
        service.redirect_to = other.url
        done = post("github", service.url, FIRST, tmp_path)
        assert "status 307" in done.stderr
        assert other.asked == []

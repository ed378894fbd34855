"""What the pages say that can be checked: links, paths, snippets of cluster files, and messages that they quote."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from components import manifests, policies, rules
from components.schema import KEY
from tests.unit.cases import read

TREE = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *TREE.glob("*.md"),
        TREE / "lab" / "README.md",
        *(path for folder in ("docs", "examples") for path in (TREE / folder).rglob("*.md")),
    ]
)
FOLDERS = "components|scripts|tests|docs|examples|lab|planner|verify|contract"
TOPOLOGIES = [page for page in PAGES if page.parent.name == "topologies"]
#: What is said on the way by programs that are not ours: Pulumi, its command, SSH and sudo.
OTHERS = {
    "passphrase must be set",
    "the stack is currently locked",
    "pending operations",
    "argument list too long",
    "host key mismatch",
    "failed attempts: dial tcp",
    "unable to authenticate",
    "sudo: a password is required",
}
#: What every step says when a command fails or something does not come true in time.
COMMON = re.compile(r" (failed( with status)?|did not happen( within \d+ s)?)$")


def name(page: Path) -> str:
    """Return a page's path within the project."""
    return str(page.relative_to(TREE))


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        found.add(re.sub(r"[^\w\- ]", "", text).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that is there, and to a heading that it has."""
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_paths_are_there(page: Path) -> None:
    """What a page names of the project, it has."""
    for path in re.findall(rf"`((?:{FOLDERS})/[\w./-]+)`", prose(page)):
        assert (TREE / path).exists(), path


def snippets(page: Path) -> list[Any]:
    """Return the parts of cluster files that a page shows."""
    shown = re.findall(r"^( *)```yaml\n(.*?)^\1```$", page.read_text(), re.MULTILINE | re.DOTALL)
    parts = [read("\n".join(line.removeprefix(indent) for line in text.splitlines())) for indent, text in shown]
    return [part for part in parts if "apiVersion" not in part]


@pytest.mark.parametrize("page", TOPOLOGIES, ids=name)
def test_a_topology_is_shown_in_a_few_lines(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are taken in place of the same sections of an example."""
    monkeypatch.chdir(TREE)
    whole = "aws-production" if page.stem.startswith("aws") else "haproxy"
    base = read((TREE / f"examples/clusters/{whole}.yaml").read_text())["config"][KEY]
    parts = snippets(page)
    assert parts or page.stem in ("README", "aws-two-stacks")
    for part in parts:
        beside = {"aws": base["aws"] | part["aws"]} if "aws" in part else {}
        rules.load(base | part | beside, manifests.faults, policies.refusals())


def test_the_file_of_the_readme_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a fault and without a warning."""
    monkeypatch.chdir(TREE)
    (document,) = snippets(TREE / "README.md")
    cluster = rules.load(document["config"][KEY], manifests.faults, policies.refusals())
    assert [*rules.warnings(cluster, manifests.warnings), *policies.warnings(cluster)] == []


def said() -> str:
    """Return all texts of the program in one line, with what is filled in as `…`."""
    shell = " ".join(path.read_text() for path in (TREE / "scripts").rglob("*.sh"))
    modules = (path for folder in ("components", "planner", "verify") for path in (TREE / folder).rglob("*.py"))
    python = re.sub(r"\"\s*\n\s*f?\"", "", " ".join(path.read_text() for path in modules))
    filled = re.sub(r"\$\([^)]*\)+|\$\{[^}]*\}|\$\w+", "…", shell) + re.sub(r"\{[^{}]*\}", "…", python)
    return " ".join(filled.split())


def test_messages_are_quoted_word_for_word() -> None:
    """Somebody who searches for what the program says finds it."""
    spoken, strangers = said(), []
    for page in (TREE / "README.md", TREE / "docs" / "troubleshooting.md"):
        tables = prose(page).partition("| it says |")[2]
        for symptom in re.findall(r"^\| (`.*?) \|", tables, re.MULTILINE):
            for quoted in re.findall(r"`([^`]+)`", symptom):
                pieces = [COMMON.sub("", piece.strip()) for piece in COMMON.sub("", quoted.rstrip("… ")).split("…")]
                strangers += [piece for piece in pieces if piece not in spoken and piece not in OTHERS]
    assert strangers == []

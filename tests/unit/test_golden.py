"""Every rendered file and every command line, compared with tests/golden.

`pytest tests/unit/test_golden.py --update-golden` writes them anew: the change of a golden file shows, in a review,
what a change of code means on hosts.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.unit import golden_files

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
SHAPES = {
    "dev": "program",
    "small": "small_program",
    "external": "external_program",
    "guarded": "guarded_program",
    "stores": "stores_program",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_rendered_files(shape: str, request: pytest.FixtureRequest) -> None:
    """What is rendered now is what was reviewed; nothing is missing, and nothing is left over."""
    folder = GOLDEN / shape
    rendered = golden_files.files(request.getfixturevalue(SHAPES[shape]))
    kept = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    if request.config.getoption("--update-golden"):
        for path in set(kept) - set(rendered):
            (folder / path).unlink()
        for path, text in rendered.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return
    report = []
    for path in sorted(kept.keys() | rendered.keys()):
        before, now = kept.get(path, ""), rendered.get(path, "")
        state = "is new" if path not in kept else "is left over" if path not in rendered else "has changed"
        if path not in kept or path not in rendered or before != now:
            report.append(f"tests/golden/{shape}/{path} {state}")
            report += difflib.unified_diff(before.splitlines(), now.splitlines(), "golden", "now", lineterm="", n=1)
    assert not report, "\n".join([*report, "If that is meant: pytest tests/unit/test_golden.py --update-golden"])


def test_no_other_folder() -> None:
    """A shape that no test renders any more has no golden files."""
    assert {path.name for path in GOLDEN.iterdir()} == {*SHAPES, "cloud", "endpoints", "plans"}


def test_golden_files_hold_no_key() -> None:
    """They are read by everybody: not even a test's private key is in them."""
    for path in GOLDEN.rglob("*"):
        assert path.is_dir() or "PRIVATE KEY" not in path.read_text(), path

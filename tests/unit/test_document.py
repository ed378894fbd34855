"""components/render/document.py: values to YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.render import document

GOLDEN = sorted((Path(__file__).resolve().parents[1] / "golden").rglob("*.yaml"))
ODD: dict[str, Any] = {
    "long": "word " * 100,
    "lines": "one\n  two\n\nthree\n",
    "trailing": "space \nand more",
    "tab": "a\tb\nc",
    "quoted": ["yes", "1.20", "null", "#no", "a: b", " lead", "", "~", "0x1f", "2026-01-01", "'", '"', "%x", "@x"],
    "plain": ["ü—x", "a#b", "--flag=value", "a,b", "{x}", "[y]", "*z", "&z", "!t"],
    "values": [None, True, 0, 1.5, -3, 10**20],
    "empty": [{}, []],
}


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: "/".join(file.parts[-3:]))
def test_both_emitters_write_the_same(file: Path) -> None:
    """What is sent does not depend on whether a machine has libyaml: the other one would change every host."""
    documents = list(yaml.safe_load_all(file.read_text()))
    assert document.to_yaml(*documents) == in_python(*documents)


def test_odd_values_too() -> None:
    """And both can be read again."""
    assert document.to_yaml(ODD, ODD) == in_python(ODD, ODD)
    assert list(yaml.safe_load_all(document.to_yaml(ODD, ODD))) == [ODD, ODD]


def in_python(*documents: Any) -> str:
    """Return what the emitter in Python writes."""
    return document.written(document.dumper(yaml.SafeDumper), *documents)

"""components/process.py: what the program's process does without."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pulumi
import pytest

from components import process
from lab.layout import TREE


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the SDK sends to the engine; what the test changes of it is taken back."""
    messages: list[str] = []
    engine = SimpleNamespace(Log=lambda request: messages.append(request.message))
    monkeypatch.setattr(pulumi.log, "get_engine", lambda: engine)
    monkeypatch.setattr(pulumi.log, "debug", pulumi.log.debug)
    return messages


def say() -> None:
    """Say something at each level."""
    pulumi.log.debug("registering", stream_id=1)
    for level in (pulumi.log.info, pulumi.log.warn, pulumi.log.error):
        level(level.__name__)


def test_debug_messages_of_the_sdk_are_not_sent(sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would be waited for; what people read is sent as before."""
    monkeypatch.delenv(process.DEBUG, raising=False)
    process.lighten()
    say()
    assert sent == ["info", "warn", "error"]


def test_who_looks_for_them_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """One variable of the environment brings back what `--debug` shows of the SDK."""
    before = pulumi.log.debug
    monkeypatch.setenv(process.DEBUG, "1")
    process.lighten()
    assert pulumi.log.debug is before


def test_nobody_looks_for_garbage() -> None:
    """Neither while the program runs nor when Python ends: an object in a circle is still there then."""
    program = """
import gc
from components import process
process.lighten()
class Node:
    def __del__(self): print("collected")
node = Node(); node.itself = node
del node
print(gc.isenabled())
"""
    environment = os.environ | {"PYTHONPATH": str(TREE)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False"]

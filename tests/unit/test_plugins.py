"""components/plugins.py: what is started early."""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest

from components import plugins


def test_plugins_are_asked_for_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the version that the libraries ask for: another one would be another plugin, started in vain."""
    asked: list[Any] = []
    monkeypatch.setattr(plugins, "get_monitor", lambda: SimpleNamespace(Invoke=SimpleNamespace(future=asked.append)))
    plugins.start()
    wanted = {"tls": version("pulumi-tls"), "command": version("pulumi-command")}
    assert {request.tok.partition(":")[0]: request.version for request in asked} == wanted


def test_a_monitor_without_plugins_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mocks answer calls at once, and know of no plugin."""
    asked: list[Any] = []
    monkeypatch.setattr(plugins, "get_monitor", lambda: SimpleNamespace(Invoke=asked.append))
    plugins.start()
    assert not asked

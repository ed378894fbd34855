"""Options of the test run."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes golden files anew."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew instead of comparing")


def pytest_configure(config: pytest.Config) -> None:
    """Leave out what the plugins' own modules warn of when they are imported."""
    config.addinivalue_line("filterwarnings", "ignore:This resource is deprecated:DeprecationWarning:pulumi_command")
    config.addinivalue_line("filterwarnings", "ignore:.*has been deprecated:DeprecationWarning:pulumi_aws")

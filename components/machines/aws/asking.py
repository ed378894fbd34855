"""Asking the account in AWS: what it answers, and what it says where it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import shorten
from typing import TypeVar

import pulumi

from components.answers import UnansweredError, answering

T = TypeVar("T")

#: What the engine, the plugin and AWS's library put before what AWS said.
_WRAPPED = re.compile(r"invoke of \S+ failed: |returned an error: |errors? occurred: \* |api error ")
#: How the plugin and AWS say that there is no such thing.
_MISSING = re.compile(r"no matching|no results|NotFound|find resource", re.IGNORECASE)
#: What matters comes first in AWS's reasons, which can be long.
MOST = 160


@dataclass
class Asking:
    """Asks the account, and keeps why something is not known."""

    options: pulumi.InvokeOptions
    """How it is asked."""
    refused: dict[str, str] = field(default_factory=dict)
    """What AWS said, by name of what was asked for: of all that it gave no answer for, but of what is not there."""

    def about(self, name: str, question: Callable[[pulumi.InvokeOptions], T]) -> T | None:
        """Return what AWS answers, None where it does not."""
        try:
            with answering():
                return question(self.options)
        except UnansweredError as error:
            if not _MISSING.search(str(error)):
                self.refused[name] = reason(error)
            return None


def reason(error: UnansweredError) -> str:
    """Return what AWS itself said, shortened."""
    said = _WRAPPED.split(str(error))[-1].removesuffix(" ()")
    return shorten(said, MOST, placeholder="…").rstrip(".")

"""Asking the account in AWS: what it answers, and what it says where it does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from textwrap import shorten
from typing import TypeVar

import pulumi

T = TypeVar("T")

#: What the engine, the plugin and AWS's library put before what AWS said.
_WRAPPED = re.compile(r"invoke of \S+ failed: |returned an error: |errors? occurred: \* |api error ")
#: How the plugin and AWS say that there is no such thing.
_MISSING = re.compile(r"no matching|no results|NotFound|find resource", re.IGNORECASE)
#: What matters comes first in AWS's reasons, which can be long.
MOST = 160


class UnansweredError(Exception):
    """A question has no answer. Its text is what was said instead, in one line."""


@contextmanager
def answering() -> Iterator[None]:
    """Raise UnansweredError for what the SDK raises when a question fails: an Exception, and nothing more special.

    Anything else is a slip of our own, and is told as that.
    """
    try:
        yield
    except Exception as error:
        if type(error) is not Exception:
            raise
        raise UnansweredError(" ".join(str(error).split())) from None


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

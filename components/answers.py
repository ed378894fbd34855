"""Questions to the engine and its plugins, whose failures have no class of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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

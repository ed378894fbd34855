"""The word that somebody may have meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import cache


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known word that is most like `word`, None when none is: case, '-' and '_' do not count."""
    return _nearest(word, tuple(known), cutoff)


@cache  # a thousand hosts may have the same slip
def _nearest(word: str, known: tuple[str, ...], cutoff: float) -> str | None:
    plain = _by_plain(known)
    found = difflib.get_close_matches(_plain(word)[:80], plain, n=1, cutoff=cutoff)
    return plain[found[0]] if found else None


@cache
def _by_plain(known: tuple[str, ...]) -> dict[str, str]:
    return {_plain(each): each for each in reversed(known)}


def _plain(word: str) -> str:
    return re.sub(r"[-_\s]", "", word).lower()

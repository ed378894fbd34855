"""Secrets of a cluster file: a plan never shows them, neither as they are nor as they were."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MASK = "[secret]"
#: A plan cuts long values: what is left of a secret is one too.
_CUT = 79

Path = tuple[str | int, ...]


def secrets_at(paths: Iterable[Path], *documents: Any) -> set[str]:
    """Return every text at or below the paths, in each of the documents."""
    return {text for path in paths for document in documents for text in _texts(_at(document, path))}


def masked(value: Any, secrets: Iterable[str]) -> Any:
    """Return a text, or a document of texts, with each secret replaced."""
    forms = {form for secret in secrets for form in (secret, secret[:_CUT])}
    if not forms:
        return value
    # A short one is a secret only where it stands alone: `1` must not blacken every address.
    words = sorted(forms, key=len, reverse=True)
    patterns = [re.escape(w) if len(w) > 3 else rf"(?<!\w){re.escape(w)}(?!\w)" for w in words]
    return _replaced(value, re.compile("|".join(patterns)))


def _replaced(value: Any, pattern: re.Pattern[str]) -> Any:
    match value:
        case str():
            return pattern.sub(MASK, value)
        case Mapping():
            return {_replaced(key, pattern): _replaced(inner, pattern) for key, inner in value.items()}
        case list():
            return [_replaced(inner, pattern) for inner in value]
    return value


def _at(document: Any, path: Path) -> Any:
    for part in path:
        if isinstance(document, Mapping):
            document = document.get(part)
        elif isinstance(document, list) and isinstance(part, int) and part < len(document):
            document = document[part]
        else:
            return None
    return document


def _texts(value: Any) -> Iterator[str]:
    match value:
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
        case None:
            return
        case _:
            if str(value):
                yield str(value)

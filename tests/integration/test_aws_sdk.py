"""The stand-in's table against the SDK: what it takes is what a program can write, under the same names."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
from pulumi import _types

from lab.aws.kinds import TABLE
from lab.aws.lookups import LOOKUPS
from lab.aws.shape import Shape

#: What a property of each form is in the SDK's hints.
FORMS = {
    "text": r"\bstr\b",
    "json": r"\bstr\b",
    "number": r"\bint\b",
    "flag": r"\bbool\b",
    "list": "Sequence",
    "set": "Sequence",
    "map": "Mapping",
    "block": "Args",
    "blocks": "Sequence",
}


def module(token: str) -> tuple[Any, str]:
    """Return the SDK's module of a token, and the name in it."""
    _, place, name = token.split(":")
    package = place.partition("/")[0]
    return importlib.import_module("pulumi_aws" if package == "index" else f"pulumi_aws.{package}"), name


def arguments(cls: Any) -> dict[str, str]:
    """Return the hint of each property that a class of arguments takes, by its name on the wire."""
    hints = {}
    for python, name in _types.input_type_py_to_pulumi_names(cls).items():
        hints[name] = str(getattr(cls, python).fget.__annotations__["return"])
    return hints


def section(package: Any, owner: str, name: str) -> Any:
    """Return the class of a property that has properties of its own."""
    title = name[0].upper() + name[1:]
    for end in ("", title[-1], title[-2:]):
        found = getattr(package, f"{owner}{title.removesuffix(end) if end else title}Args", None)
        if found is not None:
            return found
    raise AssertionError(f"{owner} has no {name}")


def compare(package: Any, owner: str, cls: Any, shapes: dict[str, Shape]) -> None:
    """Hold the shapes of some properties against a class of the SDK."""
    hints = arguments(cls)
    assert set(shapes) <= set(hints), owner
    for name, shape in shapes.items():
        assert re.search(FORMS[shape.form], hints[name]), f"{owner}.{name} is {hints[name]}"
        if shape.form in ("text", "number", "flag"):
            assert "Sequence" not in hints[name], f"{owner}.{name} is {hints[name]}"
        if shape.form in ("block", "blocks"):
            inner = section(package, owner, name)
            compare(package, inner.__name__.removesuffix("Args"), inner, dict(shape.fields))


@pytest.mark.parametrize("token", TABLE)
def test_a_type_is_the_sdks(token: str) -> None:
    """Every property and output exists there, and is of the same form."""
    package, name = module(token)
    kind, cls = TABLE[token], getattr(package, name)
    assert cls.pulumi_type == token
    compare(package, name, getattr(importlib.import_module(cls.__module__), f"{name}Args"), dict(kind.properties))
    assert set(kind.outputs) <= set(_types.resource_types(cls))


@pytest.mark.parametrize("token", LOOKUPS)
def test_a_function_is_the_sdks(token: str) -> None:
    """Every argument exists there."""
    package, name = module(token)
    python = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    named = set(getattr(package, python).__annotations__) - {"opts", "return"}
    given = {"".join(f"_{c.lower()}" if c.isupper() else c for c in argument) for argument in LOOKUPS[token].arguments}
    assert given <= named

"""What is written below each key of a section: its meaning, for the schema and the reference."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from textwrap import dedent

from components.config import Section


def meanings(model: type[Section]) -> dict[str, str]:
    """Return the text below each field, by the field's name.

    pydantic can do that whenever a section is defined; read here, a program that shows no schema does not pay for it.
    """
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, Section):
            tree = ast.parse(dedent(inspect.getsource(kind)))
            body = [
                line for definition in tree.body if isinstance(definition, ast.ClassDef) for line in definition.body
            ]
            for field, below in pairwise(body):
                match field, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        found[name] = inspect.cleandoc(text)
    return found


def sections(model: type[Section] = Section) -> dict[str, type[Section]]:
    """Return every kind of section by the name of its class."""
    found: dict[str, type[Section]] = {}
    for kind in model.__subclasses__():
        found |= {kind.__name__: kind} | sections(kind)
    return found

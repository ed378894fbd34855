"""What a property of a resource may be, and what is wrong with one that is given."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from lab.aws.wire import UNKNOWN, Values

#: What a value of each form is in Python; a flag is no number although Python has it so.
_FORMS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "json": (str,),
    "number": (int, float),
    "flag": (bool,),
    "list": (list,),
    "set": (list,),
    "map": (dict,),
    "block": (dict,),
    "blocks": (list,),
}


@dataclass(frozen=True)
class Shape:
    """A property: its form, and whether a change of it makes the resource anew."""

    form: str
    required: bool = False
    replaces: bool = False
    default: Any = None
    fields: Mapping[str, Shape] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    when: str = ""
    """The flag that says whether a change makes it anew."""


def text(
    *choices: str, required: bool = False, replaces: bool = False, default: str | None = None, when: str = ""
) -> Shape:
    """Return a property that is a text, one of some choices where there are any."""
    return Shape("text", required, replaces, default, choices=choices, when=when)


def number(*, required: bool = False, replaces: bool = False, default: int | None = None) -> Shape:
    """Return a property that is a number."""
    return Shape("number", required, replaces, default)


def flag(*, replaces: bool = False, default: bool | None = None) -> Shape:
    """Return a property that is true or false."""
    return Shape("flag", replaces=replaces, default=default)


def document(*, required: bool = False) -> Shape:
    """Return a property that is a text of JSON: what counts is what it says, not how it is written."""
    return Shape("json", required)


def texts(*, required: bool = False, replaces: bool = False, ordered: bool = False) -> Shape:
    """Return a property that is some texts, in no order unless it is said."""
    return Shape("list" if ordered else "set", required, replaces, fields={"": text()})


def mapping() -> Shape:
    """Return a property that gives texts for texts, such as tags."""
    return Shape("map", fields={"": text()})


def block(fields: Mapping[str, Shape], *, replaces: bool = False) -> Shape:
    """Return a property that has properties of its own."""
    return Shape("block", replaces=replaces, fields=fields)


def blocks(fields: Mapping[str, Shape], *, required: bool = False, replaces: bool = False) -> Shape:
    """Return a property that is a list of such."""
    return Shape("blocks", required, replaces, fields=fields)


def faults(shapes: Mapping[str, Shape], given: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path of each property that cannot be, and why."""
    for name in sorted(set(given) - set(shapes)):
        near = difflib.get_close_matches(name, shapes, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        yield where + name, f"is no property that the stand-in knows{hint}"
    for name, shape in shapes.items():
        if name not in given:
            if shape.required:
                yield where + name, "is missing"
        elif given[name] is not UNKNOWN:
            yield from _wrong(shape, given[name], where + name)


def _wrong(shape: Shape, value: Any, path: str) -> Iterator[tuple[str, str]]:
    fits = isinstance(value, _FORMS[shape.form])
    if not fits or (isinstance(value, bool) and shape.form != "flag"):
        yield path, f"is {json.dumps(value, default=str)}, where a {shape.form} belongs"
        return
    if shape.choices and value not in shape.choices:
        yield path, f"is {value!r}, and can be {', '.join(shape.choices)}"
    if shape.form == "block":
        yield from faults(shape.fields, value, f"{path}.")
    elif shape.form == "json":
        try:
            json.loads(value)
        except ValueError as error:
            yield path, f"is no JSON: {error}"
    elif shape.form != "map" and isinstance(value, list):
        for number_, item in enumerate(value):
            if item is UNKNOWN:
                continue
            if shape.form == "blocks":
                yield from _wrong(Shape("block", fields=shape.fields), item, f"{path}[{number_}]")
            else:
                yield from _wrong(shape.fields[""], item, f"{path}[{number_}]")
    elif shape.form == "map":
        for name, item in value.items():
            if item is not UNKNOWN:
                yield from _wrong(shape.fields[""], item, f"{path}.{name}")


def filled(shapes: Mapping[str, Shape], given: Mapping[str, Any]) -> Values:
    """Return what is given together with the defaults of what is not, in blocks too."""
    values = dict(given)
    for name, shape in shapes.items():
        if name not in values:
            if shape.default is not None:
                values[name] = shape.default
        elif shape.form == "block" and isinstance(values[name], dict):
            values[name] = filled(shape.fields, values[name])
        elif shape.form == "blocks" and isinstance(values[name], list):
            values[name] = [filled(shape.fields, v) if isinstance(v, dict) else v for v in values[name]]
    return values


def same(shape: Shape, one: Any, other: Any) -> bool:
    """Tell whether two values of a property mean the same; what is not known is never the same."""
    return bool(_comparable(shape, one) == _comparable(shape, other)) and other is not UNKNOWN


def _comparable(shape: Shape, value: Any) -> Any:
    if value in ([], {}):  # what AWS makes of none
        return None
    if shape.form == "set" and isinstance(value, list):
        return sorted(map(repr, value))
    if shape.form == "json" and isinstance(value, str):
        with suppress(ValueError):
            return json.loads(value)
    return value

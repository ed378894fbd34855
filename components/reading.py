"""From plain values to a Cluster: every fault of the schema, and as much of the cluster as is right.

A cluster that is right in part lacks what is faulty: asking for it raises MissingError. So rules can be asked about the
rest, and all faults of a file are told at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from components import keys, placement
from components.config import Cluster, Section, UnshownError
from components.faults import Fault
from components.spelling import nearest

#: Where in a document something is faulty, key by key: `{"network": {"podSubnet": {}}}`.
Places = dict[str, Any]
_KEY = "[key]"
#: Errors of pydantic's that say that a section is of no kind there is.
_NO_KIND = ("union_tag_invalid", "union_tag_not_found")
MISSING = "is missing"
_Some = TypeVar("_Some", bound=Section)


def read(data: Any) -> tuple[Cluster, list[Fault]]:
    """Return the cluster that `data`, or the JSON text of it, describes, without what is faulty; and the faults."""
    if isinstance(data, str):
        with suppress(ValueError):  # text that is no JSON is told below
            data = json.loads(data) if data else None
    if not isinstance(data, Mapping):
        nothing = data is None
        fault = Fault(
            "cluster",
            "is empty" if nothing else f"is {_shown(data)}, not a mapping",
            "Write keys under `kubeadm-ha:cluster`, indented; README.md has a whole file.",
        )
        return _partial(Cluster, {}, _everywhere(Cluster)), [fault]
    data = placement.with_machines(data)
    try:
        return Cluster.model_validate(data), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    wrong: Places = {}
    faults: list[Fault] = []
    for each in [each for each in errors if each["type"] in _NO_KIND]:
        data = _of_some_kind(data, each, wrong, faults)
        errors = _errors(data)
    # The hosts of machines that are faulty themselves, or of no provider's, are nothing that somebody forgot.
    meant = {f"{group}.hosts" for group in placement.groups(data)}
    missing = [tuple(map(str, each["loc"])) for each in errors if each["type"] == "missing"]
    for each in errors:
        if each["type"] in _NO_KIND:
            continue  # told above
        location = tuple(map(str, each["loc"]))
        _mark(wrong, keys.written(location))
        if each["type"] == "extra_forbidden":
            fault, key = keys.unknown(location, [at[-1] for at in missing if at[:-1] == location[:-1]])
            faults.append(fault)
            # What a misspelt key was meant to say is not known; its default would be a guess.
            if key and not _given(data, key):
                meant.add(".".join(key))
                _mark(wrong, key)
        else:
            faults.append(_fault(each, tuple(part for part in location if part != _KEY)))
    return _partial(Cluster, data, wrong), [f for f in faults if f.path not in meant or f.problem != MISSING]


def _errors(data: Any) -> list[Any]:
    try:
        Cluster.model_validate(data)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


def _of_some_kind(data: Any, error: Any, wrong: Places, faults: list[Fault]) -> Any:
    """Return a file whose section of no known kind is taken for the kind that was meant, as far as that can be told.

    The kind is a fault, and so that the section's other faults are told at once, it is read as the nearest one by name
    or by keys.
    """
    location = tuple(map(str, error["loc"]))
    choices, given = keys.unions()[keys.pattern(location)], error["input"]
    named, path = given.get(keys.KIND), ".".join((*keys.written(location), keys.KIND))
    if named is None:
        sample = keys.sample((*location, next(iter(choices)), keys.KIND))
        faults.append(Fault(path, MISSING, f"Add it, such as `{sample}`. The choices are {', '.join(choices)}."))
    elif not isinstance(named, str):
        faults.append(Fault(path, f"is {_shown(named)}, not text", f"Choose {', '.join(choices)}."))
    else:
        faults.append(_not_a_choice(path, named, choices))
    kind = nearest(named, choices) if isinstance(named, str) else None
    if kind is None:
        fitting = {kind: len(given.keys() & keys.fields(model).keys()) for kind, model in choices.items()}
        # Of those that fit alike the one that lacks least: what it would have to have is told of it.
        lacking = {
            kind: sum(f.is_required() and k not in given for k, f in keys.fields(model).items())
            for kind, model in choices.items()
        }
        kind = max(fitting, key=lambda kind: (fitting[kind], -lacking[kind]))
        if fitting[kind] <= (keys.KIND in given):
            _mark(wrong, keys.written(location))
            return data
    _mark(wrong, (*keys.written(location), keys.KIND))
    return _replaced(data, keys.written(location), {**given, keys.KIND: kind})


def _replaced(data: Any, location: tuple[str, ...], value: Any) -> Any:
    return {**data, location[0]: _replaced(data[location[0]], location[1:], value)} if location else value


def _everywhere(model: type[Section]) -> Places:
    return {key: {} for key in keys.fields(model)}


def _given(data: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(data, Mapping) or data.get(key) is None:
            return False
        data = data[key]
    return True


def _mark(wrong: Places, location: tuple[str, ...]) -> None:
    for key in location:
        wrong = wrong.setdefault(key, {})


def _partial(model: type[_Some], data: Any, wrong: Places) -> _Some:
    """Return a section without the values at the places in `wrong`."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        key = str(field.alias)
        given = data.get(key) if isinstance(data, Mapping) else None
        if key not in wrong:
            if given is not None:
                values[name] = _adapter(model, name).validate_python(given)
            elif not field.is_required():
                values[name] = field.get_default(call_default_factory=True)
        elif wrong[key] and isinstance(given, Mapping):
            several = keys.kinds(field.annotation)
            kind = several[given[keys.KIND]] if several else keys.plain(field.annotation)
            values |= _inside(name, kind, given, wrong[key])
    written = {name for name, field in model.model_fields.items() if _given(data, (str(field.alias),))}
    partial: Any = model.model_construct(_fields_set=written)
    partial.__dict__.clear()
    partial.__dict__.update(values)
    return partial  # type: ignore[no-any-return]  # just made


def _inside(name: str, kind: Any, given: Mapping[str, Any], wrong: Places) -> dict[str, Any]:
    """Return a section or a mapping of sections with faults somewhere inside, by its name; nothing for other values."""
    if isinstance(kind, type) and issubclass(kind, Section):
        return {name: _partial(kind, given, wrong)}
    if get_origin(kind) is not dict:
        return {}
    model = keys.plain(get_args(kind)[1])
    if not (isinstance(model, type) and issubclass(model, Section)):
        return {}
    found: dict[str, Any] = {}
    for key, value in given.items():
        below = wrong.get(str(key), {_KEY: {}})
        if set(below) == {_KEY}:  # nothing is wrong with it, or its name; and perhaps it is no section at all
            with suppress(ValidationError):
                found[str(key)] = _adapter(model).validate_python(_whole(value))
                continue
        found[str(key)] = _partial(model, _whole(value), below if below.keys() - {_KEY} else _everywhere(model))
    return {name: found}


def _whole(value: Any) -> Any:
    # What a bare address stands for; for a pool there is no short form, and nothing is made of this.
    return value if isinstance(value, Mapping | list) else {} if value is None else {"address": value}


@cache
def _adapter(model: type[Section], name: str | None = None) -> TypeAdapter[Any]:
    """Return what validates a section, or one of its values alone."""
    if name is None:
        return TypeAdapter(model)
    field = model.model_fields[name]
    return TypeAdapter(Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation)


def _fault(error: Any, location: tuple[str, ...]) -> Fault:
    """Return the fault that an error of pydantic's means."""
    path = ".".join(keys.written(location))
    value, context = error["input"], error.get("ctx", {})
    shown = _shown(value)
    match error["type"]:
        case "missing":
            sample = keys.sample(location)
            return Fault(path, MISSING, f"Add it, such as `{sample}`." if sample else "Add it, with keys under it.")
        case "literal_error":
            return _not_a_choice(path, value, re.findall(r"'([^']*)'", context["expected"]))
        case "value_error":
            problem, _, remedy = str(context["error"]).partition(": ")
            told = f"is {problem}" if isinstance(context["error"], UnshownError) else f"{shown} is {problem}"
            if problem.startswith("apiVersion"):
                told = problem
            return Fault(path, told, f"{remedy[:1].upper()}{remedy[1:]}.")
        case "model_type" | "dict_type" | "model_attributes_type":
            return Fault(path, f"is {shown}, not a mapping", _as_mapping(location, value))
        case "list_type":
            return Fault(path, f"is {shown}, not a list", _as_list(value))
        case "too_short":
            return Fault(path, "is empty", "Name at least one, or remove the key.")
        case "string_type":
            return Fault(path, f"is {shown}, not text", "Put it in quotes, or write the text that was meant.")
        case "int_type":
            remedy = "Remove the quotes." if isinstance(value, str) and value.isdigit() else _as_sample(location)
            return Fault(path, f"is {shown}, not a whole number", remedy)
        case "greater_than_equal":
            return Fault(path, f"is {shown}", f"Choose {context['ge']} or more.")
        case "less_than_equal":
            return Fault(path, f"is {shown}", f"Choose {context['le']} or less.")
    return Fault(path, f"is {shown}: {error['msg']}", _as_sample(location))


def _not_a_choice(path: str, value: Any, expected: Iterable[str]) -> Fault:
    choices = list(expected)
    near = nearest(value, choices) if isinstance(value, str) and len(choices) > 1 else None
    remedy = (
        f"Did you mean '{near}'? The choices are {', '.join(choices)}." if near else f"Choose {', '.join(choices)}."
    )
    return Fault(path, f"is {_shown(value)}, which there is not", remedy)


def _as_mapping(location: tuple[str, ...], value: Any) -> str:
    sample, section = keys.sample(location), keys.pattern(location) in keys.sections()
    # Of a section that has to have nothing, all that is usual is what `true` was meant to say.
    if not sample and section and str(value).lower() in ("true", "yes", "on"):
        return f"Write `{location[-1]}: {{}}` for what is usual, or keys under it."
    sample = sample or (keys.first(location) if section else "")
    return f"Write keys under it, such as `{sample}`." if sample else "Write keys under it, indented."


def _as_list(value: Any) -> str:
    if isinstance(value, Mapping):
        return "Write '- ' before each entry."
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else []
    if words and len(value) <= 100 and all(re.fullmatch(r"[\w./~][\w./:~-]*", word) for word in words):
        return f"Write it as [{', '.join(words)}]."
    return "Write it as [a, b]."


def _as_sample(location: tuple[str, ...]) -> str:
    sample = keys.sample(location)
    return f"Write it such as `{sample}`." if sample else "See docs/configuration.md."


def _shown(value: Any) -> str:
    """Return a value as a fault shows it: short, and nothing that may be secret."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    if "PRIVATE KEY" in text:
        return "a private key"
    return text if len(text) <= 80 else f"{text[:60]}…'"

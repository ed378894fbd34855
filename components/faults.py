"""What is wrong with a cluster file, said so that it can be mended: every fault at once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong: where, what was found, and the way out."""

    path: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}. {self.remedy}"


class ConfigurationError(Exception):
    """The cluster file cannot be used. Its text lists every fault; nothing has been contacted."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(set(faults))
        count = f"{len(self.faults)} fault{'s' if len(self.faults) > 1 else ''}"
        listed = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(f"the cluster file has {count}; no host was contacted:\n{listed}")


def schema_fault(error: Any, model: type[BaseModel]) -> Fault:
    """Return the fault that an error of pydantic's means, for a file that should be a `model`."""
    location = tuple(part for part in error["loc"] if part != "[key]")
    path = ".".join(str(part) for part in location) or "cluster"
    shown = "" if isinstance(error["input"], dict | list) else f"{error['input']!r} is "
    match error["type"]:
        case "extra_forbidden":
            known = _keys_beside(location, model)
            near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.6)
            hint = f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(known)}."
            return Fault(path, "is not a known key", hint)
        case "missing":
            return Fault(path, "is missing", "Add it; docs/configuration.md has an example.")
        case "literal_error":
            return Fault(path, f"is {error['input']!r}", f"Choose {error['ctx']['expected']}.")
        case "model_type" | "dict_type" | "model_attributes_type":
            return Fault(path, f"{shown}not a mapping", "Write keys under it, indented.")
        case "list_type":
            return Fault(path, f"{shown}not a list", "Write it as [a, b].")
        case "too_short" | "string_too_short":
            return Fault(path, "is empty", "Name at least one, or remove the key.")
        case "value_error":
            problem, _, remedy = str(error["ctx"]["error"]).partition(": ")
            return Fault(path, f"{shown}{problem}" if shown else problem, f"{remedy[:1].upper()}{remedy[1:]}.")
        case "string_pattern_mismatch":
            pattern = error["ctx"]["pattern"]
            return Fault(path, f"{error['input']!r} does not match '{pattern}'", "See docs/configuration.md.")
        case kind if kind.startswith("ip_v4"):
            example = "10.0.0.0/16, with no bits beyond the length" if "network" in kind else "192.0.2.10"
            what = "an IPv4 range" if "network" in kind else "an IPv4 address"
            return Fault(path, f"{shown}not {what}", f"Write one such as {example}.")
    message = str(error["msg"]).removeprefix("Input should be ")
    return Fault(path, f"{shown}not {message}" if shown else message, "See docs/configuration.md.")


def _keys_beside(location: tuple[int | str, ...], model: Any) -> list[str]:
    """Return the keys that exist where the last one of `location` stands."""
    for part in location[:-1]:
        model = _plain(model)
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = {f.alias: f.annotation for f in model.model_fields.values()}.get(str(part))
        elif get_origin(model) is dict:
            model = get_args(model)[1]
    model = _plain(model)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [str(field.alias) for field in model.model_fields.values()]
    return []


def _plain(model: Any) -> Any:
    """Return a type without what is annotated to it, and without None."""
    while get_origin(model) in (Annotated, Union, UnionType):
        model = next(part for part in get_args(model) if part is not type(None))
    return model

"""A type of resource: its properties, and the calls that make, read, change and delete one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.aws.cloud import Cloud
from lab.aws.shape import Shape, faults, filled, same
from lab.aws.wire import UNKNOWN, Values, unknown_in

#: Changes one thing of what is there: the cloud, the id, how it was, how it is to be.
Change = Callable[[Cloud, str, Values, Values], None]


@dataclass(frozen=True)
class Kind:
    """One entry of the table."""

    token: str
    """The type as the engine names it."""
    properties: Mapping[str, Shape]
    """What can be given."""
    outputs: tuple[str, ...]
    """What only the cloud knows."""
    create: Callable[[Cloud, Values], str]
    """Makes one and returns its id."""
    read: Callable[[Cloud, str, Values], Values | None]
    """Returns what the cloud says of it, or None where it is gone."""
    delete: Callable[[Cloud, str, Values], None]
    """Ends it, and waits till it is gone."""
    settle: Callable[[Cloud, str, Values], None] = lambda _cloud, _id, _inputs: None
    """Makes the rest of it as it is to be; when that fails, it is deleted again."""
    updates: Mapping[str, Change] = field(default_factory=dict)
    """How to change each property that does not replace."""
    named: Mapping[str, int] = field(default_factory=dict)
    """Properties that get a name when none is given, and how long it may be."""
    stirred: tuple[str, ...] = ()
    """Outputs that every change of it changes."""
    rules: Callable[[Values], Iterator[tuple[str, str]]] = lambda _inputs: iter(())
    """What cannot be together: yields paths and reasons."""

    def __post_init__(self) -> None:
        still = {name for name, shape in self.properties.items() if not shape.replaces or shape.when}
        if still != set(self.updates):
            raise TypeError(f"{self.token}: {still ^ set(self.updates)} neither replace alone nor are updated")

    def checked(self, given: Values, before: Values, name: str, seed: bytes) -> tuple[Values, list[tuple[str, str]]]:
        """Return the inputs with names and defaults, and what is wrong with them."""
        values = filled(self.properties, given)
        for property_, limit in self.named.items():
            if property_ not in values:
                values[property_] = before.get(property_) or auto_name(name, seed, limit)
        wrong = list(faults(self.properties, values))
        for property_, limit in self.named.items():
            if isinstance(values[property_], str) and len(values[property_]) > limit:
                wrong.append((property_, f"is {len(values[property_])} characters long, and can be {limit}"))
        return values, wrong or list(self.rules(values))

    def changes(self, before: Values, after: Values) -> dict[str, str]:
        """Return what changes between two sets of inputs: `add`, `delete` or `update` by property."""
        found = {}
        for name, shape in self.properties.items():
            if same(shape, before.get(name), after.get(name)) and not unknown_in(after.get(name)):
                continue
            found[name] = "add" if name not in before else "delete" if name not in after else "update"
        return found

    def replacing(self, changed: Mapping[str, Any], after: Values) -> list[str]:
        """Return those of the changed properties for which the resource is made anew."""
        shapes = {name: self.properties[name] for name in changed}
        return [name for name, shape in shapes.items() if shape.replaces and (not shape.when or after.get(shape.when))]

    def expected(self, inputs: Values) -> Values:
        """Return what a resource will look like that is not there yet."""
        return dict.fromkeys(self.outputs, UNKNOWN) | inputs

    def drifted(self, inputs: Values, found: Values) -> Values:
        """Return the inputs as the cloud now has them; what it does not tell stays."""
        now = dict(inputs)
        for name, shape in self.properties.items():
            seen = found.get("tagsAll") if name == "tags" else found.get(name)
            if name not in inputs or seen is None:
                continue
            if name == "tags":
                seen = {key: value for key, value in seen.items() if key in inputs["tags"]}
            elif shape.form == "block":
                seen = {key: seen.get(key, value) for key, value in inputs[name].items()}
            if not same(shape, inputs[name], seen):
                now[name] = seen
        return now


def auto_name(name: str, seed: bytes, limit: int) -> str:
    """Return a name for a resource of the program that has not been given one."""
    return f"{re.sub(r'[^a-zA-Z0-9-]', '-', name)}-{seed.hex()[:7]}"[-limit:] if seed else name[:limit]

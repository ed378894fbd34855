"""What several kinds of EC2 do alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.aws.cloud import Cloud, listed, look
from lab.aws.kind import Change
from lab.aws.wire import Values


def retag(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    """Give a thing of EC2 the tags that it is to have."""
    old, new = cloud.tags(before), cloud.tags(after)
    if gone := [{"Key": name} for name in sorted(set(old) - set(new))]:
        cloud.ec2.delete_tags(Resources=[id_], Tags=gone)
    if new:
        cloud.ec2.create_tags(Resources=[id_], Tags=listed(new))


def first(call: Callable[..., Any], key: str, **arguments: Any) -> Any:
    """Return the first of what a call finds, or None."""
    found = (look(call, **arguments) or {}).get(key) or [None]
    return found[0]


def where(**filters: str) -> list[dict[str, Any]]:
    """Return filters as EC2 takes them; `vpc_id` stands for vpc-id."""
    return [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]


def given(inputs: Values, **names: str) -> dict[str, Any]:
    """Return the arguments of a call for those inputs that there are: argument=input."""
    return {argument: inputs[name] for argument, name in names.items() if name in inputs}


def at_first(change: Change) -> Callable[[Cloud, str, Values], None]:
    """Return what makes a new thing as it is to be: the change from nothing."""
    return lambda cloud, id_, inputs: change(cloud, id_, {}, inputs)


def nothing(_cloud: Cloud, _id: str, _before: Values, _after: Values) -> None:
    """Change nothing: the property only says what happens later."""


def difference(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    """Return what is to be added and what is to be taken away."""
    return sorted(set(after) - set(before)), sorted(set(before) - set(after))


def upper(value: Any) -> Any:
    """Return properties under the names that the API has for them; true and false are texts in the program."""
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: upper(item) for name, item in value.items()}
    if isinstance(value, list):
        return [upper(item) for item in value]
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value

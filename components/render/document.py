"""Values to YAML, and settings merged over settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_WIDTH = 1_000_000


def _text(dumper: Any, value: str) -> yaml.ScalarNode:
    """Return text of several lines as it is, line by line."""
    style = "|" if "\n" in value else None
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)
    return node


def dumper(emitter: Any) -> Any:
    """Return what writes by an emitter of PyYAML's, in C or in Python: both write the same, since no line is folded."""

    class Dumper(emitter):  # type: ignore[misc]  # one of two
        """Writes every value out: anchors and aliases make a file hard to read and kubeadm refuses none of it."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    Dumper.add_representer(str, _text)
    return Dumper


#: libyaml's where there is one: it takes a tenth of the time.
_FASTEST = dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper))


def to_yaml(*documents: Mapping[str, Any]) -> str:
    """Return the documents as one YAML stream, keys in the order given."""
    return written(_FASTEST, *documents)


def written(by: Any, *documents: Mapping[str, Any]) -> str:
    """Return them as one of the dumpers writes them."""
    text: str = yaml.dump_all(documents, Dumper=by, sort_keys=False, default_flow_style=False, width=_WIDTH)
    return text


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `over` laid on top: mappings key by key, anything else as a whole."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = merged(below, value) if both else value  # type: ignore[arg-type]  # just tested
    return result

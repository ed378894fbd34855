"""What nodes carry for schedulers and controllers to read: labels, annotations and taints."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from components.config.section import Section
from components.config.values import example

_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_PREFIX = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*"
_KEY = re.compile(rf"({_PREFIX}/)?{_NAME}")


def _key(value: str) -> str:
    if not _KEY.fullmatch(value) or len(value.rpartition("/")[0]) > 253:
        raise ValueError(
            "not a key as Kubernetes has them: write a name of at most 63 letters, digits, '-', '_' and '.',"
            " with a DNS domain and '/' before it if need be, such as 'example.org/rack'"
        )
    return value


def _label(value: str) -> str:
    if value and not re.fullmatch(_NAME, value):
        raise ValueError(
            "not a value of a label: use at most 63 letters, digits, '-', '_' and '.',"
            " beginning and ending with a letter or digit; other text goes into annotations"
        )
    return value


MarkKey = Annotated[str, AfterValidator(_key), Field(json_schema_extra={"pattern": rf"^{_KEY.pattern}$"})]
LabelValue = Annotated[str, AfterValidator(_label), Field(json_schema_extra={"pattern": f"^({_NAME})?$"})]
Labels = dict[MarkKey, LabelValue]
Annotations = dict[MarkKey, str]


class Taint(Section):
    """What keeps pods off a node that do not tolerate it."""

    key: Annotated[MarkKey, example("example.org/gpu")]
    """Key of the taint."""
    value: Annotated[LabelValue, example("a100")] = ""
    """Value of the taint."""
    effect: Annotated[Literal["NoSchedule", "PreferNoSchedule", "NoExecute"], example("NoSchedule")]
    """`NoSchedule` lets no new pod in, `PreferNoSchedule` only where there is no other place, `NoExecute` also evicts
    those that run."""


@dataclass(frozen=True)
class Marks:
    """What one node carries, a host's own laid over its group's."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    taints: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Value by key and effect: a node has one taint of each."""
    takes_work: bool = False
    """It is a control plane that ordinary pods may run on."""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.labels or self.annotations or self.taints or self.takes_work)


def merged_marks(group: Mapping[str, Any], host: Mapping[str, Any]) -> Marks:
    """Return what a node carries, from its group and its host in the words of the cluster file."""
    taints = [*group.get("taints", ()), *host.get("taints", ())]
    return Marks(
        labels={**group.get("labels", {}), **host.get("labels", {})},
        annotations={**group.get("annotations", {}), **host.get("annotations", {})},
        taints={(taint["key"], taint["effect"]): taint.get("value", "") for taint in taints},
        takes_work=bool(group.get("takesWork")),
    )

"""What the API server, the controller manager and the scheduler are told beyond what kubeadm sets."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from components.config.section import Section
from components.config.values import FlagName, UnshownError, example


class Argument(Section):
    """A flag of a component and its value."""

    name: Annotated[FlagName, example("max-requests-inflight")]
    """Name of the flag, without dashes in front."""
    value: Annotated[str, example("800")]
    """Its value, as text."""


def _as_list(value: Any) -> Any:
    if isinstance(value, dict):
        known = {str(key): _text(inner) for key, inner in value.items() if not isinstance(inner, dict | list)}
        written = ", ".join(
            f"{{name: {key}, value: '{inner}'}}" for key, inner in list(known.items())[:2] or [("v", "2")]
        )
        raise UnshownError(
            f"a mapping, and kubeadm takes a list since v1beta4, where a flag may be given twice: write [{written}]"
        )
    return value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class ComponentOptions(Section):
    """A component of the control plane."""

    extra_args: Annotated[
        list[Argument], BeforeValidator(_as_list), example([{"name": "max-requests-inflight", "value": "800"}])
    ] = []
    """Flags beyond kubeadm's and ours, or in place of ours; as kubeadm (v1beta4) has them. Rolled out to control planes
    that run, one after another; one that does not become healthy with them gets its old ones back."""

"""The way out of a site that has no other."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from components.config.section import Section
from components.config.values import Url, example


def _exempt(value: str) -> str:
    if not re.fullmatch(r"\.?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(/\d{1,2})?(:\d+)?", value):
        raise ValueError(
            "neither a name, a domain, an address nor a range: write each on its own, such as registry.example.org,"
            " .example.org, 192.0.2.7 or 192.0.2.0/24"
        )
    return value


Exempt = Annotated[
    str, AfterValidator(_exempt), Field(json_schema_extra={"pattern": r"^\.?[A-Za-z0-9][A-Za-z0-9./:-]*$"})
]


class ProxyOptions(Section):
    """The way out of a site that has no other: for packages, their keys, images, manifests at an address, and your own
    scripts. Nothing else goes out, so neither kubeadm's pods nor the kubelet get it."""

    http: Annotated[Url | None, example("http://proxy.example:3128")] = None
    """Address of the proxy for http. One with a login in it is refused: it would stand in plain text on hosts."""
    https: Annotated[Url | None, example("http://proxy.example:3128")] = None
    """Address of the proxy for https, which often is the same."""
    no_proxy: Annotated[list[Exempt], example([".example.org", "192.0.2.0/24"])] = []
    """What is reached without it. The API and the ranges of pods and services always are."""

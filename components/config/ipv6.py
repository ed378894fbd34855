"""Addresses and ranges of the second family, as a cluster file has them."""

from ipaddress import AddressValueError, IPv6Address, IPv6Network, NetmaskValueError
from typing import Annotated, Any

from pydantic import BeforeValidator, Field


def _address6(value: Any) -> Any:
    if isinstance(value, IPv6Address):
        return value
    try:
        found = IPv6Address(value) if isinstance(value, str) else None
    except AddressValueError:
        found = None
    if found is None or found.scope_id or found.ipv4_mapped:
        raise ValueError("not an IPv6 address: write one such as 2001:db8::21, without zone and length")
    return found


def _range6(value: Any) -> Any:
    if isinstance(value, IPv6Network):
        return value
    such = "fd00:10::/56"
    if isinstance(value, str) and "/" in value and "%" not in value:
        try:
            return IPv6Network(value)
        except (AddressValueError, NetmaskValueError):
            pass
        except ValueError:
            such = str(IPv6Network(value, strict=False))
            raise ValueError(f"not a range, since it has bits beyond its length: write {such}") from None
    raise ValueError(f"not an IPv6 range: write one such as {such}")


Address6 = Annotated[
    IPv6Address, BeforeValidator(_address6), Field(json_schema_extra={"pattern": "^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$"})
]
Range6 = Annotated[
    IPv6Network,
    BeforeValidator(_range6),
    Field(json_schema_extra={"pattern": "^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*/[0-9]+$"}),
]

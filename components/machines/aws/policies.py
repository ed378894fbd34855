"""What a role may do, as AWS reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def may(
    action: str | list[str], resource: str | list[str], effect: str = "Allow", when: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return one statement; `when` are values, or lists of them, that have to be there."""
    condition = {"Condition": {"StringEquals": dict(when)}} if when else {}
    return {"Effect": effect, "Action": action, "Resource": resource, **condition}


def policy(*statements: Mapping[str, Any]) -> str:
    """Return a policy of them."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

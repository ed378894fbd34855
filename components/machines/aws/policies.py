"""What a role may do, as AWS reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def may(action: str | list[str], resource: str, effect: str = "Allow") -> dict[str, Any]:
    """Return one statement."""
    return {"Effect": effect, "Action": action, "Resource": resource}


def policy(*statements: Mapping[str, Any]) -> str:
    """Return a policy of them."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

"""Times what a preview does before it registers anything, in a process of its own: `checks CLUSTER_FILE`.

It prints seconds as JSON: validation, hosts and keys; the plan of a first `up`; the plan of a change of what is
deployed, where one worker leaves and the drain is another one.
"""

from __future__ import annotations

import copy
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from components import rules
from components.machines.static import login_faults, package_key_faults, static_hosts
from components.plan import as_text, plan_for, snapshot


def main(file: Path) -> dict[str, float]:
    """Return seconds by what is done."""
    data = yaml.load(file.read_text(), yaml.CSafeLoader)
    seconds: dict[str, float] = {}

    def timed(what: str, work: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        result = work()
        seconds[what] = time.perf_counter() - begin
        return result

    cluster = timed("validation", lambda: rules.load(data, login_faults, package_key_faults))
    timed("hosts", lambda: static_hosts(cluster))
    timed("plan", lambda: as_text(plan_for(None, cluster, {})))
    deployed = json.loads(json.dumps(snapshot(cluster)))
    changed = rules.load(_changed(data))
    timed("transition", lambda: as_text(plan_for(deployed, changed, {})))
    return seconds


def _changed(data: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(data) | {"drain": {"timeoutSeconds": 60}}
    for pool in list(changed["workers"].values())[-1:]:
        if len(pool["hosts"]) > 1:
            pool["hosts"].popitem()
    return changed


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))

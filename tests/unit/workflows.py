"""The shell texts of the workflows. `python -m tests.unit.workflows FOLDER` writes them for tests/check-shell."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

TREE = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((TREE / ".github" / "workflows").glob("*.yaml"))
GITLAB = TREE / "examples" / "ci" / "gitlab-ci.yml"


def jobs(file: Path) -> dict[str, Any]:
    """Return the jobs of a workflow."""
    found: dict[str, Any] = yaml.safe_load(file.read_text())["jobs"]
    return found


def steps(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the steps of a workflow."""
    for job in jobs(file).values():
        yield from job["steps"]


def bodies() -> Iterator[tuple[str, str]]:
    """Yield name and shell text of every step, expressions replaced as the service does."""
    for file in WORKFLOWS:
        for name, job in jobs(file).items():
            texts = [step["run"] for step in job["steps"] if "run" in step]
            for number, text in enumerate(texts, start=1):
                yield f"{file.stem}-{name}-{number}", re.sub(r"\$\{\{.*?\}\}", "value", text)
    for name, job in yaml.safe_load(GITLAB.read_text()).items():
        lines = [*job.get("before_script", []), *job.get("script", [])] if isinstance(job, dict) else []
        if lines:
            yield f"gitlab-{name.strip('.')}", "\n".join(lines)


if __name__ == "__main__":
    for name, text in bodies():
        (Path(sys.argv[1]) / f"{name}.sh").write_text(f"{text}\n")

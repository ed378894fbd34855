"""The comment on a pull request: the plan, and below it what `pulumi preview --diff` shows. scripts/ci/plan-comment."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from planner.cli import PROJECT, REFUSED, TROUBLE, Parser
from planner.engine import PlannerError, Stack
from planner.making import from_stack
from planner.notes import marker
from planner.report import as_asked

#: GitHub takes 65536 characters. Counted in bytes, with room to spare.
LIMIT = 65_000
PREVIEW_SECONDS = 1800
_PICTURE = re.compile(r"\n```mermaid\n.*?\n```\n?", re.DOTALL)


def main(words: Sequence[str] | None = None) -> int:
    """Print the comment; returns 0, 1 when the change is refused or its preview fails, 2 when neither can be told."""
    parser = Parser(
        prog="scripts/ci/plan-comment",
        description="Prints the comment for a pull request: the plan and the engine's preview. No host is contacted.",
        epilog="Exit status: 0 all is well; 1 refused, or the preview fails; 2 it cannot be told.",
        allow_abbrev=False,
    )
    parser.add_argument("--stack", metavar="NAME", required=True, help="the cluster's stack")
    parser.add_argument(
        "--cwd", metavar="FOLDER", type=Path, default=PROJECT, help="the project; this one unless given"
    )
    parser.add_argument("--commit", metavar="HASH", default="", help="what the comment is about")
    parser.add_argument("--limit", metavar="BYTES", type=int, default=LIMIT, help=f"longest comment ({LIMIT})")
    options = parser.parse_args(words)
    stack = Stack(options.cwd.resolve(), options.stack)
    status, plan, shown = _told(stack)
    print(comment(options.stack, options.commit, plan, shown, options.limit, failed=bool(status)), end="")
    return status


def _told(stack: Stack) -> tuple[int, str, str]:
    """Return the exit status, the plan as Markdown, and what the preview shows; the comment is written in any case.

    An older comment would else go on telling of a plan that is no longer true.
    """
    try:
        verdict = from_stack(stack)
    except PlannerError as error:
        print(f"error: {error}", file=sys.stderr)
        return TROUBLE, f"### No plan for stack {stack.name}\n\n{error}", ""
    plan = as_asked(verdict, "markdown")
    if verdict.plan is None:
        return REFUSED, plan, ""
    if not verdict.exists:
        return 0, f"{plan}\n\nThe stack is not in its backend yet: `pulumi stack init {stack.name}`.", ""
    status, shown = _preview(stack)
    return status, plan, shown


def _preview(stack: Stack) -> tuple[int, str]:
    """Run the preview with an SSH agent that holds no key.

    The program asks for an agent where the stack's file names no private key; none is used, since nothing is run.
    """
    command = ["ssh-agent", "pulumi", "--non-interactive", "--color", "never", "--cwd", str(stack.project)]
    command += ["preview", "--diff", "--stack", stack.name or ""]
    try:
        done = subprocess.run(
            command,
            env=stack.environment,
            capture_output=True,
            text=True,
            timeout=PREVIEW_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        return TROUBLE, "ssh-agent is not on PATH: install the OpenSSH client."
    except subprocess.TimeoutExpired:
        return TROUBLE, f"The preview did not end within {PREVIEW_SECONDS} s."
    # All of it is in the job's log; the comment may have less.
    print(f"{done.stdout}\n{done.stderr}", file=sys.stderr)
    errors = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("warning:"))
    return (REFUSED, f"{done.stdout}\n{errors}") if done.returncode else (0, done.stdout)


def comment(stack: str, commit: str, plan: str, shown: str, limit: int = LIMIT, *, failed: bool = False) -> str:
    """Return the comment's text, cut where it would be longer than `limit` bytes: first the preview, then the plan."""
    head = f"{marker(stack)}\n"
    tail = f"\n\n<sub>Stack {stack}{f', commit {commit[:12]}' if commit else ''}. Updated by each push.</sub>\n"
    room = limit - _bytes(head) - _bytes(tail)
    plan = plan.strip()
    if _bytes(plan) > room:
        plan = _PICTURE.sub("\n*The picture is left out: the comment would be too long.*\n", plan)
    plan = _cut(plan, room, "\n\n*The rest is left out: `scripts/plan` prints all of it.*")
    return head + plan + _folded(shown.strip(), room - _bytes(plan), failed) + tail


def _folded(shown: str, room: int, failed: bool) -> str:
    if not shown:
        return ""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    how, said = (" open", " fails") if failed else ("", "")
    before = f"\n\n<details{how}><summary>pulumi preview --diff{said}</summary>\n\n{fence}diff\n"
    after = f"\n{fence}\n\n</details>"
    shown = _cut(shown, room - _bytes(before) - _bytes(after), "\n… the rest is in the job's log")
    return f"{before}{shown}{after}" if shown else ""


def _cut(text: str, room: int, why: str) -> str:
    """Return the first lines of a text, as many as fit together with `why`; nothing when not even that fits."""
    if _bytes(text) <= room:
        return text
    left, kept = room - _bytes(why), []
    for line in text.splitlines():
        left -= _bytes(line) + 1
        if left < 0:
            break
        kept.append(line)
    return "\n".join(kept) + why if kept else ""


def _bytes(text: str) -> int:
    return len(text.encode())


if __name__ == "__main__":
    sys.exit(main())

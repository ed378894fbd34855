"""A plan: what an edit of the cluster file does to a cluster that runs, told before it happens."""

from components.plan.making import plan_for
from components.plan.markdown import as_markdown
from components.plan.plan import Plan
from components.plan.snapshot import snapshot
from components.plan.text import as_text

__all__ = ["Plan", "as_markdown", "as_text", "plan_for", "snapshot"]

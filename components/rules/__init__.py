"""Rules of a cluster file that span several keys: what is refused, and what is worth a second thought."""

from components.rules.loading import Rule, load, warnings

__all__ = ["Rule", "load", "warnings"]

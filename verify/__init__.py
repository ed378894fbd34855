"""Looks at a living cluster and judges whether it is highly available now. The entry is scripts/verify."""

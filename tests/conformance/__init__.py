"""Kubernetes' own conformance tests against a cluster of the lab."""

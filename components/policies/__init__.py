"""What an organisation may want to forbid: each policy is off, warns or refuses, as the cluster file says.

A policy is one function here: its name is the key, its docstring what the reference says, its default the decorator's.
"""

from components.policies import access, certificates, data, software, topology
from components.policies.policy import POLICIES, Policy, refusals, warnings

__all__ = ["POLICIES", "Policy", "access", "certificates", "data", "refusals", "software", "topology", "warnings"]

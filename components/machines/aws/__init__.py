"""Machines in AWS, and what they stand on: network, guards, roles, balancer."""

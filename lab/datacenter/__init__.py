"""Hosts, a network and services on one machine: what `lab/hosts` runs."""

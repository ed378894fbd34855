"""Tests with the real engine, on this machine's loopback alone."""

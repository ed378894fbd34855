"""Tests that need neither hosts nor an engine."""

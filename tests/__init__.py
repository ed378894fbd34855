"""Tests of the project; helpers are imported as tests.unit.… and tests.lab.…."""

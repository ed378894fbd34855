"""The clusters that most tests look at, built once."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from tests.unit import clusters, monitor
from tests.unit.aws_clusters import example
from tests.unit.two_stacks import Pair


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the key files of stack dev."""
    return tmp_path_factory.mktemp("dev")


@pytest.fixture(scope="session")
def dev(folder: Path) -> clusters.File:
    """Return the cluster file of stack dev; not to be changed in place."""
    return clusters.dev(folder)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> clusters.File:
    """Return the cluster file of another shape; not to be changed in place."""
    return clusters.small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def guarded_program(tmp_path_factory: pytest.TempPathFactory) -> monitor.Program:
    """Return what __main__.py registers for a site with ways and scripts of its own."""
    return monitor.run_program(clusters.guarded(tmp_path_factory.mktemp("guarded")))


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> clusters.File:
    """Return the cluster file of a shape with etcd on hosts of its own; not to be changed in place."""
    return clusters.stores(tmp_path_factory.mktemp("stores"))


@pytest.fixture(scope="session")
def program(dev: clusters.File) -> monitor.Program:
    """Return what __main__.py registers for stack dev."""
    return monitor.run_program(dev)


@pytest.fixture(scope="session")
def small_program(small: clusters.File) -> monitor.Program:
    """Return what __main__.py registers for the other shape."""
    return monitor.run_program(small)


@pytest.fixture(scope="session")
def external_program(tmp_path_factory: pytest.TempPathFactory) -> monitor.Program:
    """Return what __main__.py registers for a cluster behind somebody else's balancer."""
    return monitor.run_program(clusters.external(tmp_path_factory.mktemp("external")))


@pytest.fixture(scope="session")
def stores_program(stores: clusters.File) -> monitor.Program:
    """Return what __main__.py registers for the shape with etcd on hosts of its own."""
    return monitor.run_program(stores)


@pytest.fixture(scope="session")
def two_stacks() -> Pair:
    """Return both stacks after their first `up`; not to be changed in place."""
    pair = Pair()
    pair.make(example("production"))
    pair.build(example("production"))
    return pair


@pytest.fixture
def pair(two_stacks: Pair) -> Pair:
    """Return the same, to be gone on with."""
    return copy.deepcopy(two_stacks)

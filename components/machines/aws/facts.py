"""What the account in AWS has, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TypeFacts:
    """A type of machine."""

    cpus: int
    memory_mib: int
    architectures: tuple[str, ...]


@dataclass(frozen=True)
class ImageFacts:
    """An image."""

    architecture: str
    root: str
    """Name of the device of a machine's own volume."""


@dataclass(frozen=True)
class SubnetFacts:
    """A subnet."""

    vpc: str
    zone: str
    range: str


@dataclass(frozen=True)
class VpcFacts:
    """A VPC."""

    ranges: tuple[str, ...]
    names: bool
    """Whether names of private zones are answered in it."""


@dataclass(frozen=True)
class KeyFacts:
    """A key of KMS."""

    arn: str
    """Its full name: AWS says of a volume that it has this one."""
    named: str
    """The full name of what the cluster file has; for an alias that of the alias, which may stand for another key."""
    state: str
    spec: str


@dataclass(frozen=True)
class There:
    """What there is of a network that is there already."""

    vpcs: tuple[str, ...] = ()
    """Ids of the VPCs that the cluster file means: one, or as many as have its tags."""
    vpc: VpcFacts | None = None
    """That VPC; None where it is not found, or not one."""
    meant: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ids of the subnets that the cluster file means, by their path in its network: one, or as many as have its tags.
    Those by tags are left out where the VPC is not known."""
    subnets: Mapping[str, SubnetFacts] = field(default_factory=dict)
    """Those subnets by id; what is not found is left out."""


@dataclass(frozen=True)
class Account:
    """Answers of AWS."""

    zones: tuple[str, ...]
    """Zones of the region that are open to the account."""
    offered: Mapping[str, frozenset[str]]
    """Zones by type of machine, of the types that the cluster file names."""
    types: Mapping[str, TypeFacts]
    """The types that there are, of those."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Id of the image by type of machine; none where no image fits."""
    known_images: Mapping[str, ImageFacts] = field(default_factory=dict)
    """What is known of each of those."""
    there: There = There()
    """A network that is there already."""
    key: KeyFacts | None = None
    """The key for volumes; None where none is named, or it is not found."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Why AWS did not tell of an image, by architecture, of a VPC, a subnet or a key, by its name: where there may be
    one, and it has not been seen."""

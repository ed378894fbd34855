"""What the account in AWS has, asked before anything is made."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
from pulumi_aws import ec2

from components.config import AwsOptions, Cluster
from components.faults import ConfigurationError, Fault
from components.machines.aws.asking import Asking, UnansweredError, answering, reason
from components.machines.aws.existing import there
from components.machines.aws.facts import Account, ImageFacts, KeyFacts, TypeFacts
from components.machines.aws.images import ARCHITECTURES, FAMILIES


def instance_types(cluster: Cluster, options: AwsOptions) -> list[str]:
    """Return the types of machines that the cluster file names."""
    pools = [pool.machines for pool in cluster.workers.values()]
    groups = [cluster.control_plane.machines, cluster.etcd.machines, *pools]
    named = [group.instance_type for group in groups if group is not None]
    return sorted({*named, *([options.bastion.instance_type] if options.bastion else [])})


def asked(cluster: Cluster, options: AwsOptions) -> tuple[aws.Provider, Account]:
    """Return the plugin, set to the region, and what the account says. Raises ConfigurationError where it says nothing.

    The first question is one that every account answers: when it is not, region or credentials are wrong.
    """
    provider = aws.Provider("aws", region=options.region)
    try:
        with answering():
            return provider, _account(cluster, options, Asking(pulumi.InvokeOptions(provider=provider)))
    except UnansweredError as error:
        raise ConfigurationError([_unanswered(options, error)]) from None


def _account(cluster: Cluster, options: AwsOptions, asking: Asking) -> Account:
    ask = asking.options
    zones = aws.get_availability_zones(state="available", opts=ask).names
    named = instance_types(cluster, options)
    offers = ec2.get_instance_type_offerings(
        location_type="availability-zone",
        filters=[ec2.GetInstanceTypeOfferingsFilterArgs(name="instance-type", values=named)],
        opts=ask,
    )
    offered: dict[str, set[str]] = {}
    for name, zone in zip(offers.instance_types, offers.locations, strict=True):
        offered.setdefault(name, set()).add(zone)
    types = {name: _type(name, ask) for name in named if name in offered}
    found = {a: _image(options, a, asking) for a in sorted({a for t in types.values() for a in t.architectures})}
    known = {
        name: image
        for name, facts in types.items()
        if (image := next((found[a] for a in facts.architectures if found.get(a)), None))
    }
    return Account(
        zones=tuple(zones),
        offered={n: frozenset(z) for n, z in offered.items()},
        types=types,
        images={name: image for name, (image, _) in known.items()},
        known_images=dict(known.values()),
        there=there(options.network, asking),
        key=_key(options.kms_key, asking) if options.kms_key else None,
        refused=asking.refused,
    )


def _unanswered(options: AwsOptions, error: UnansweredError) -> Fault:
    return Fault(
        "aws.region",
        f"AWS gives no answer for {options.region}: {reason(error)}",
        "See that the region is right and open to the account, and that AWS_PROFILE or the like lets you in.",
    )


def _type(name: str, ask: pulumi.InvokeOptions) -> TypeFacts:
    found = ec2.get_instance_type(instance_type=name, opts=ask)
    known = [a for a in found.supported_architectures if a in ARCHITECTURES]
    return TypeFacts(found.default_vcpus, found.memory_size, tuple(known))


def _image(options: AwsOptions, architecture: str, asking: Asking) -> tuple[str, ImageFacts] | None:
    """Return the image for an architecture, None where there is none."""
    image = options.image
    family = FAMILIES[image.family]
    filters = [ec2.GetAmiFilterArgs(name="architecture", values=[architecture])]
    if image.id is not None:
        filters.append(ec2.GetAmiFilterArgs(name="image-id", values=[image.id]))
        owners = None
    else:
        pattern = family.name.format(ARCHITECTURES[architecture])
        filters.append(ec2.GetAmiFilterArgs(name="name", values=[pattern]))
        owners = [family.owner]
    found = asking.about(
        architecture, lambda ask: ec2.get_ami(most_recent=True, owners=owners, filters=filters, opts=ask)
    )
    return found and (str(found.id), ImageFacts(architecture, str(found.root_device_name)))


def _key(key: str, asking: Asking) -> KeyFacts | None:
    found = asking.about(key, lambda ask: aws.kms.get_key(key_id=key, opts=ask))
    if found is None:
        return None
    named = key if key.startswith("arn:") else f"{found.arn.rpartition(':')[0]}:{key}"
    return KeyFacts(found.arn, named, found.key_state, found.key_spec)

"""What a cluster is given in AWS: its network, and the ways in."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import AwsNetwork, AwsOptions, Cluster, NlbEndpoint
from components.faults import Fault
from components.placement import LARGEST, SMALLEST
from components.rules.network import is_public, ranges
from components.rules.regions import REGIONS
from components.spelling import nearest

#: Rules that a security group takes, less those that the cluster file names: each public machine is one.
MOST_PUBLIC = 40
#: Ranges that are shorter than this one's are nobody's own.
WIDE = 8
MOST_ZONES = 15
_EITHER = "Keep one of the two."


def region(cluster: Cluster) -> Iterator[Fault]:
    """Yield a region that there is not."""
    name = cluster.aws.region if cluster.aws else None
    if name is not None and name not in REGIONS:
        near = nearest(name, REGIONS)
        yield Fault(
            "aws.region",
            f"{name} is no region that the AWS plugin knows",
            f"Did you mean '{near}'?" if near else "`aws ec2 describe-regions` lists them.",
        )


def zones(cluster: Cluster) -> Iterator[Fault]:
    """Yield zones of other regions, and zones that stand twice."""
    if cluster.aws is None:
        return
    where, network = cluster.aws.region, cluster.aws.network
    if where not in REGIONS:
        return  # told as that
    named = [(f"aws.network.zones.{number}", zone) for number, zone in enumerate(network.zones)]
    named += [(f"aws.network.{path}", zone) for path, zone, _ in network.listed()]
    for path, zone in named:
        if zone[:-1] != where:
            yield Fault(path, f"{zone} is a zone of {zone[:-1]}, and the region is {where}", f"Name one of {where}.")
    for number, zone in enumerate(network.zones):
        if zone in network.zones[:number]:
            yield Fault(f"aws.network.zones.{number}", f"{zone} stands there already", "Remove one.")
    if len(network.zones) > MOST_ZONES:
        yield Fault("aws.network.zones", f"names {len(network.zones)}", f"{MOST_ZONES} have room in a VPC's range.")


def one_network(cluster: Cluster) -> Iterator[Fault]:
    """Yield a network that is neither made nor there, or half of each."""
    if cluster.aws is None:
        return
    network = cluster.aws.network
    if (network.range is not None) == network.is_there():
        both = "has range, of a VPC that is made, and vpc, one that is there" if network.range else "has no range"
        yield Fault("aws.network", both, "Write range and zones for a VPC that is made, or vpc and subnets.")
    elif network.range is not None:
        yield from _made(network)
    else:
        yield from _there(network, cluster.aws)


def _made(network: AwsNetwork) -> Iterator[Fault]:
    whole = network.range
    if not network.zones:
        yield Fault("aws.network.zones", "are missing", "Name one, or three for machines that a zone can be lost of.")
    if whole is not None and not LARGEST <= whole.prefixlen <= SMALLEST:
        yield Fault(
            "aws.network.range",
            f"{whole} is not between /{LARGEST} and /{SMALLEST}",
            "Choose one such as 10.40.0.0/16.",
        )
    elif whole is not None and is_public(whole):
        yield Fault("aws.network.range", f"{whole} is somebody's on the internet", "Choose one such as 10.40.0.0/16.")
    for key, subnets in (("subnets", network.subnets), ("publicSubnets", network.public_subnets)):
        if subnets:
            yield Fault(f"aws.network.{key}", "is of a VPC that is there, and one is made", "Remove it, or range.")
    if network.public and network.nat not in (None, "none"):
        yield Fault("aws.network.nat", "is for machines without public addresses", "Remove it, or public.")


def _there(network: AwsNetwork, options: AwsOptions) -> Iterator[Fault]:
    if not network.subnets:
        yield Fault("aws.network.subnets", "are missing", "Name the subnets for machines, by zone.")
    for key, given in (
        ("zones", network.zones),
        ("nat", network.nat),
        ("endpoints", network.endpoints),
        ("public", network.public),
    ):
        if given:
            yield Fault(f"aws.network.{key}", "is for a VPC that is made, and vpc is there", "Remove it.")
    parts = [(path, subnet.range) for path, _, subnet in network.listed()]
    for number, (path, part) in enumerate(parts):
        for other, another in parts[:number]:
            if part.overlaps(another):
                yield Fault(f"aws.network.{path}.range", f"{part} overlaps {another} of {other}", "See both in AWS.")
    if options.bastion is not None and not network.public_subnets:
        yield Fault(
            "aws.network.publicSubnets", "are missing, and a bastion is made in one", "Name one; or use ssh.bastion."
        )


def which(cluster: Cluster) -> Iterator[Fault]:
    """Yield a VPC or a subnet that is there and is said in two ways, and subnets that are said in none."""
    if cluster.aws is None:
        return
    network = cluster.aws.network
    if network.vpc is not None and network.vpc_tags is not None:
        yield Fault("aws.network.vpcTags", "stand beside vpc, which names one already", _EITHER)
    for path, _, subnet in network.listed():
        if subnet.id is not None and subnet.tags is not None:
            yield Fault(f"aws.network.{path}.tags", "stand beside id, which names one already", _EITHER)
        elif subnet.id is None and subnet.tags is None:
            remedy = "Write its id, such as `id: subnet-0a1b2c3d4e5f60718`, or tags, such as `tags: {Name: private-a}`."
            yield Fault(f"aws.network.{path}", "says of no subnet which it is", remedy)


def overlaps(cluster: Cluster) -> Iterator[Fault]:
    """Yield a network that has addresses of pods or services."""
    if cluster.aws is None:
        return
    network = cluster.aws.network
    fits = network.range is not None and LARGEST <= network.range.prefixlen <= SMALLEST
    parts = [("range", network.range)] if network.range is not None and fits else []
    parts += [(f"{path}.range", subnet.range) for path, _, subnet in network.listed()]
    for path, part in parts:
        for key, subnet in ranges(cluster).items():
            if part.overlaps(subnet):
                yield Fault(
                    f"aws.network.{path}",
                    f"{part} overlaps network.{key} {subnet}",
                    "Choose another: what pods send there would not leave the node.",
                )


def balancer(cluster: Cluster) -> Iterator[Fault]:
    """Yield an endpoint that is open without saying so, or that nobody finds or reaches."""
    endpoint, aws = cluster.endpoint, cluster.aws
    if not isinstance(endpoint, NlbEndpoint) or aws is None:
        return
    network = aws.network
    if endpoint.scheme == "internal":
        if network.is_there() and not endpoint.allowed_ranges:
            yield Fault(
                "endpoint.allowedRanges",
                "are missing: the cluster's own machines alone would reach the API",
                "Name the range of the VPC, or of whoever is to reach it.",
            )
        return
    if not endpoint.allowed_ranges:
        yield Fault(
            "endpoint.allowedRanges",
            "are missing, and the API would be public",
            "Say who may reach it, such as [198.51.100.0/24]; 0.0.0.0/0 is everybody.",
        )
    if endpoint.zone_id is None and (endpoint.name or "").endswith(".internal"):
        yield Fault(
            "endpoint.zoneId",
            f"is missing: outside of the VPC nobody finds {endpoint.name}",
            "Give name and the hosted zone that it belongs to.",
        )
    if network.is_there() and not network.public_subnets:
        yield Fault("aws.network.publicSubnets", "are missing, and a public endpoint is in them", "Name them by zone.")
    if network.public and len(cluster.machines()) > MOST_PUBLIC:
        yield Fault(
            "aws.network.public",
            f"gives {len(cluster.machines())} machines public addresses, and a public endpoint lets in {MOST_PUBLIC}",
            "Remove it: machines then get out by NAT gateways, whose addresses are let in.",
        )
    if network.range is not None and network.nat == "none" and not network.public:
        yield Fault("aws.network.nat", "is none: no machine would reach a public endpoint", "Choose one or zone.")


def reach(cluster: Cluster) -> Iterator[Fault]:
    """Yield machines that nobody could log in to, and logins that are not for them."""
    aws, ssh = cluster.aws, cluster.ssh
    if aws is None or cluster.provider != "aws":
        return
    if aws.bastion is not None and ssh.bastion is not None:
        yield Fault("aws.bastion", "stands beside ssh.bastion, and logins go through one", "Keep one of the two.")
    if aws.bastion is None and ssh.bastion is None and not aws.ssh_ranges:
        yield Fault(
            "aws",
            "nobody reaches the machines by SSH",
            "Write bastion, or ssh.bastion with sshRanges; or sshRanges alone for who is in a connected network.",
        )
    elif aws.bastion is None and not aws.ssh_ranges:
        yield Fault(
            "aws.sshRanges", "are missing: ssh.bastion reaches no machine", "Name the bastion's address, as /32."
        )
    if aws.image.id is not None and ssh.user is None:
        yield Fault("ssh.user", f"is missing: of {aws.image.id} it is not known", "Name the image's login.")
    yield from _others(cluster)


def _others(cluster: Cluster) -> Iterator[Fault]:
    ssh = cluster.ssh
    if ssh.port not in (None, 22):
        yield Fault("ssh.port", f"is {ssh.port}, and sshd of machines that are made is at 22", "Remove it.")
    if ssh.bastion is not None:
        return
    for key, given in (("knownHostsFile", ssh.known_hosts_file), ("hostKey", ssh.host_key)):
        if given is not None:
            yield Fault(f"ssh.{key}", "is for hosts that are there: host keys are made with machines", "Remove it.")


def kms_key(cluster: Cluster) -> Iterator[Fault]:
    """Yield a key of another region."""
    key = cluster.aws.kms_key if cluster.aws else None
    where = cluster.aws.region if cluster.aws else ""
    if key is not None and key.startswith("arn:") and key.split(":")[3] != where:
        yield Fault(
            "aws.kmsKey",
            f"{key} is of {key.split(':')[3]}, and the region is {where}",
            f"Name one of {where}: a volume is encrypted with a key of its region.",
        )


def open_to_all(cluster: Cluster) -> Iterator[Fault]:
    """Yield what everybody on the internet reaches."""
    aws = cluster.aws
    if aws is None:
        return
    allowed = {"aws.sshRanges": aws.ssh_ranges if aws.network.public else []}
    if aws.bastion is not None:
        allowed["aws.bastion.allowedRanges"] = aws.bastion.allowed_ranges
    if isinstance(cluster.endpoint, NlbEndpoint) and cluster.endpoint.scheme == "public":
        allowed["endpoint.allowedRanges"] = cluster.endpoint.allowed_ranges
    for path, listed in allowed.items():
        if any(each.prefixlen < WIDE for each in listed):
            yield Fault(path, "lets in everybody on the internet", "Name the ranges that need it.")


def no_way_out(cluster: Cluster) -> Iterator[Fault]:
    """Yield machines that fetch packages and images from where they cannot get."""
    network = cluster.aws.network if cluster.aws else None
    inside = cluster.packages.kubernetes and cluster.packages.containerd and cluster.registries
    if network is not None and network.nat == "none" and not network.public and not (inside or cluster.proxy.http):
        yield Fault(
            "aws.network.nat",
            "is none: machines reach neither upstream's packages nor its images",
            "Name mirrors inside under packages and registries, or a proxy.",
        )


def closed_network(cluster: Cluster) -> Iterator[Fault]:
    """Yield a network of one's own between pods whose packets no security group lets through."""
    if cluster.aws is not None and cluster.network.cni != "flannel" and not cluster.aws.cni_ports:
        yield Fault(
            "aws.cniPorts",
            "are missing: what connects pods is not flannel, and nodes let nothing else of it through",
            "Name the ports that it needs between nodes, such as [udp/4789].",
        )


def foreign_zone(cluster: Cluster) -> Iterator[Fault]:
    """Yield a name that was chosen for a zone of its own, and goes into another one."""
    endpoint = cluster.endpoint
    if isinstance(endpoint, NlbEndpoint) and endpoint.zone_id and endpoint.name == f"api.{cluster.name}.internal":
        yield Fault(
            "endpoint.zoneId",
            f"gets the name {endpoint.name}, which Route 53 takes in a zone of that domain alone",
            "Write name too, with one of the zone's, such as api.prod.example.org.",
        )


RULES = (region, zones, one_network, which, overlaps, balancer, reach, kms_key)
CAUTIONS = (open_to_all, no_way_out, closed_network, foreign_zone)

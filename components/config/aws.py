"""What a cluster is given in AWS: network, ways in, images."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field

from components import releases
from components.config.machines import InstanceType
from components.config.section import Section
from components.config.values import Flag, Range, example


def _form(what: str, pattern: str, such: str) -> AfterValidator:
    """Return what refuses text without a form of AWS's own."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"not {what}: write it as AWS shows it, such as '{such}'")
        return value

    return AfterValidator(check)


def _like(pattern: str) -> Any:
    return Field(json_schema_extra={"pattern": f"^{pattern}$"})


_REGION = "[a-z]{2,4}(-[a-z]+)+-[0-9]"
_ZONE = f"{_REGION}[a-z]"
_ID = "[0-9a-f]{8,17}"
_PORT = "(tcp|udp)/[1-9][0-9]{0,4}"
_TAG = "[A-Za-z0-9 _.:/=+@-]"
_ALIAS = "alias/[A-Za-z0-9/_-]{1,250}"
_KMS = f"({_ALIAS}|arn:aws[a-z-]*:kms:{_REGION}:[0-9]{{12}}:(key/[a-z0-9-]{{1,64}}|{_ALIAS}))"
Region = Annotated[str, _form("the name of a region", _REGION, "eu-central-1"), _like(_REGION)]
Zone = Annotated[str, _form("the name of a zone", _ZONE, "eu-central-1a"), _like(_ZONE)]
VpcId = Annotated[str, _form("the id of a VPC", f"vpc-{_ID}", "vpc-0a1b2c3d4e5f60718"), _like(f"vpc-{_ID}")]
SubnetId = Annotated[
    str, _form("the id of a subnet", f"subnet-{_ID}", "subnet-0a1b2c3d4e5f60718"), _like(f"subnet-{_ID}")
]
AmiId = Annotated[str, _form("the id of an image", f"ami-{_ID}", "ami-0a1b2c3d4e5f60718"), _like(f"ami-{_ID}")]
HostedZoneId = Annotated[
    str, _form("the id of a hosted zone", "Z[0-9A-Z]{1,31}", "Z0123456789ABCDEFGHIJ"), _like("Z[0-9A-Z]{1,31}")
]
KmsKey = Annotated[str, _form("an alias or the ARN of a KMS key", _KMS, "alias/volumes"), _like(_KMS)]
PortName = Annotated[str, _form("a port", _PORT, "udp/4789"), _like(_PORT)]
TagName = Annotated[
    str, _form("the name of a tag", f"(?!aws:){_TAG}{{1,128}}", "team"), _like(f"(?!aws:){_TAG}{{1,128}}")
]
TagValue = Annotated[str, _form("the value of a tag", f"{_TAG}{{0,256}}", "platform"), _like(f"{_TAG}{{0,256}}")]
#: What is looked for may carry tags of AWS's own, such as those of CloudFormation.
AnyTagName = Annotated[str, _form("the name of a tag", f"{_TAG}{{1,128}}", "Name"), _like(f"{_TAG}{{1,128}}")]
Tags = Annotated[dict[AnyTagName, TagValue], Field(min_length=1)]


class AwsSubnet(Section):
    """A subnet that is there already, by `id` or by `tags`."""

    id: Annotated[SubnetId | None, example("subnet-0a1b2c3d4e5f60718")] = None
    """Its id."""
    tags: Annotated[Tags | None, example({"Name": "private-a"})] = None
    """Tags that it has, and no other subnet of the VPC in that zone. A cluster keeps the subnet that was found first:
    when they find another one later, that is refused."""
    range: Annotated[Range, example("10.0.1.0/24")]
    """Its range: machines' addresses are known before they are made. A preview compares it with AWS's."""


_SUBNETS = {"eu-central-1a": {"id": "subnet-0a1b2c3d4e5f60718", "range": "10.0.1.0/24"}}


class AwsNetwork(Section):
    """A VPC of the cluster's own, by `range` and `zones`; or one that is there, by `vpc` or `vpcTags` and `subnets`."""

    range: Annotated[Range | None, example("10.40.0.0/16")] = None
    """Range of a VPC that is made, between /16 and /20. Each zone gets a sixteenth of it for machines, and a smaller
    subnet for what stands between the machines and others."""
    zones: Annotated[list[Zone], example(["eu-central-1a", "eu-central-1b", "eu-central-1c"])] = []
    """Zones that a VPC of its own has subnets in: machines go through them in turn. It cannot be changed later."""
    nat: Annotated[Literal["one", "zone", "none"] | None, example("zone")] = None
    """How machines without public addresses get out: `one` NAT gateway, which is lost with its zone, one in each
    `zone`, or `none`. `one` unless given, in a VPC of its own."""
    public: Annotated[Flag, example(True)] = False
    """Machines have public addresses and need no NAT gateway: for small test clusters."""
    endpoints: Annotated[list[Literal["s3", "ecr", "ssm", "ec2", "autoscaling"]], example(["s3", "ssm"])] = []
    """Services of AWS that are reached without leaving a VPC of its own. `ssm` and `ecr` give their `rights` too.
    Elastic pools without a way out need all but `ecr`."""
    vpc: Annotated[VpcId | None, example("vpc-0a1b2c3d4e5f60718")] = None
    """A VPC that is there already, with its own ways out."""
    vpc_tags: Annotated[Tags | None, example({"Name": "prod"})] = None
    """Tags that it has, and no other VPC of the region, in place of `vpc`. A cluster keeps the VPC that was found
    first: when they find another one later, that is refused."""
    subnets: Annotated[dict[Zone, AwsSubnet], example(_SUBNETS)] = {}
    """Its subnets for machines, by zone: machines go through them in turn. It cannot be changed later."""
    public_subnets: Annotated[dict[Zone, AwsSubnet], example(_SUBNETS)] = {}
    """Its subnets with a way in from the internet, by zone: for a bastion and for a public endpoint."""

    def is_there(self) -> bool:
        """Whether the VPC is there already."""
        return self.vpc is not None or self.vpc_tags is not None

    def listed(self) -> Iterator[tuple[str, str, AwsSubnet]]:
        """Yield each subnet that is there, after its path in this section and its zone."""
        for key, subnets in (("subnets", self.subnets), ("publicSubnets", self.public_subnets)):
            yield from ((f"{key}.{zone}", zone, subnet) for zone, subnet in subnets.items())

    def found(self, vpc: str | None, ids: Mapping[str, str | None]) -> Self:
        """Return the same with the ids of what is there, also of what has tags; those of subnets are by their paths."""
        named = {path: subnet.model_copy(update={"id": ids[path]}) for path, _, subnet in self.listed()}
        return self.model_copy(
            update={
                "vpc": vpc,
                "subnets": {zone: named[f"subnets.{zone}"] for zone in self.subnets},
                "public_subnets": {zone: named[f"publicSubnets.{zone}"] for zone in self.public_subnets},
            }
        )


class AwsBastion(Section):
    """A small machine with a public address that logins go through. Nothing is run on it."""

    instance_type: Annotated[InstanceType, example("t3.micro")] = "t3.micro"
    """Its type."""
    allowed_ranges: Annotated[list[Range], Field(min_length=1), example(["198.51.100.0/24"])]
    """From where it may be logged in to."""


class AwsImage(Section):
    """What machines start from. The image is looked up when a machine is made, and the machine keeps it."""

    family: Annotated[Literal["debian-12", "debian-13", "ubuntu-22.04", "ubuntu-24.04"], example("debian-12")] = (
        "debian-13"
    )
    """The newest image of a system from its maker."""
    id: Annotated[AmiId | None, example("ami-0a1b2c3d4e5f60718")] = None
    """One image in place of a family's newest. `ssh.user` then says whom to log in as."""


class AwsOptions(Section):
    """What a cluster is given in AWS. Who runs `up` logs in to AWS as its tools do: by AWS_PROFILE and the like."""

    region: Annotated[Region, example("eu-central-1")]
    """The region. It cannot be changed later."""
    network: AwsNetwork
    """The network that machines are in."""
    bastion: AwsBastion | None = None
    """A bastion that is made, for machines without public addresses; `ssh.bastion` names one that is there."""
    ssh_ranges: Annotated[list[Range], example(["198.51.100.0/24"])] = []
    """From where machines may be logged in to directly."""
    cni_ports: Annotated[list[PortName], example(["udp/4789", "tcp/179"])] = []
    """Ports that a network of your own (`network.cni`) needs open between nodes. Flannel's is known."""
    image: AwsImage = AwsImage.unset()
    """What machines start from."""
    cloud_controller_manager: Annotated[Flag, example(True)] = False
    """AWS's cloud controller manager: Services of type LoadBalancer get balancers of AWS's, nodes are told what AWS
    knows of their machines, and a node whose machine is gone is removed. Machines that were made before it are replaced
    one by one; it cannot be turned off."""
    ebs_csi_driver: Annotated[Flag, example(True)] = False
    """The EBS CSI driver, with an encrypted storage class `gp3`: claims get volumes of EBS. It needs
    `cloudControllerManager`."""
    kms_key: Annotated[KmsKey | None, example("alias/volumes")] = None
    """Key of yours that volumes are encrypted with, as an alias or an ARN, in place of AWS's own: all volumes of all
    machines. Machines that are there keep what they have; those of elastic pools are replaced."""
    rights: Annotated[list[Literal["ssm", "ecr"]], example(["ssm"])] = []
    """What machines may do in AWS, by policies of AWS's own: be reached by the Session Manager (`ssm`), and pull from
    registries of the account (`ecr`). In a VPC of the cluster's own `network.endpoints` gives these too."""
    tags: Annotated[dict[TagName, TagValue], example({"team": "platform"})] = {}
    """Tags of all that is made."""

    def may_use(self, service: str) -> bool:
        """Whether machines have the rights for a service: its endpoint is of no use without."""
        return service in self.rights or service in self.network.endpoints

    def machine_subnets(self) -> dict[str, IPv4Network]:
        """Return the range that machines of each zone have addresses of."""
        network = self.network
        if network.range is not None:
            return machine_ranges(network.range, network.zones)
        return {zone: subnet.range for zone, subnet in sorted(network.subnets.items())}

    def images(self, version: str, *, control_plane: bool) -> list[str]:
        """Return the images that a node needs for what of AWS runs in the cluster."""
        found = []
        if control_plane and self.cloud_controller_manager:
            found.append(releases.cloud_controller_manager_image(version))
        if self.ebs_csi_driver:
            found += releases.ebs_csi_images(control_plane=control_plane)
        return found

    def edge_subnets(self) -> dict[str, IPv4Network]:
        """Return the range of each zone's smaller subnet, in a VPC that is made."""
        network = self.network
        last = list(network.range.subnets(prefixlen_diff=4))[-1] if network.range else None
        return dict(zip(network.zones, last.subnets(prefixlen_diff=4), strict=False)) if last else {}


def machine_ranges(whole: IPv4Network, zones: list[str]) -> dict[str, IPv4Network]:
    """Return each zone's part of a VPC's range: a sixteenth. The last one is left for the smaller subnets."""
    return dict(zip(zones, list(whole.subnets(prefixlen_diff=4))[:-1], strict=False))

"""Ways out of a network, and the addresses that they have outside."""

from __future__ import annotations

from lab.aws.cloud import Cloud, look, plain
from lab.aws.kind import Kind
from lab.aws.kinds.common import at_first, first, given, retag
from lab.aws.shape import mapping, text
from lab.aws.wire import Values


def _make_internet(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.create_internet_gateway(TagSpecifications=cloud.specification("internet-gateway", inputs))
    return str(made["InternetGateway"]["InternetGatewayId"])


def _attach(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    if before.get("vpcId"):
        cloud.ec2.detach_internet_gateway(InternetGatewayId=id_, VpcId=before["vpcId"])
    if after.get("vpcId"):
        cloud.ec2.attach_internet_gateway(InternetGatewayId=id_, VpcId=after["vpcId"])


def _read_internet(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    gateway = first(cloud.ec2.describe_internet_gateways, "InternetGateways", InternetGatewayIds=[id_])
    if gateway is None:
        return None
    attached = [entry["VpcId"] for entry in gateway.get("Attachments", [])]
    return {
        "arn": cloud.arn(f"internet-gateway/{id_}"),
        "vpcId": attached[0] if attached else None,
        "ownerId": gateway.get("OwnerId", cloud.account),
        "tagsAll": plain(gateway.get("Tags")),
    }


def _delete_internet(cloud: Cloud, id_: str, state: Values) -> None:
    found = _read_internet(cloud, id_, state)
    if found is not None:
        _attach(cloud, id_, found, {})
        look(cloud.ec2.delete_internet_gateway, InternetGatewayId=id_)


INTERNET = Kind(
    "aws:ec2/internetGateway:InternetGateway",
    {"vpcId": text(), "tags": mapping()},
    ("arn", "ownerId", "tagsAll"),
    _make_internet,
    _read_internet,
    _delete_internet,
    at_first(_attach),
    {"vpcId": _attach, "tags": retag},
)


def _make_address(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.allocate_address(
        Domain=inputs["domain"], TagSpecifications=cloud.specification("elastic-ip", inputs)
    )
    return str(made["AllocationId"])


def _associate(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    now = first(cloud.ec2.describe_addresses, "Addresses", AllocationIds=[id_]) or {}
    if (before.get("instance") or before.get("networkInterface")) and now.get("AssociationId"):
        cloud.ec2.disassociate_address(AssociationId=now["AssociationId"])
    target = given(after, InstanceId="instance", NetworkInterfaceId="networkInterface")
    if target:
        cloud.ec2.associate_address(AllocationId=id_, AllowReassociation=False, **target)


def _read_address(cloud: Cloud, id_: str, inputs: Values) -> Values | None:
    address = first(cloud.ec2.describe_addresses, "Addresses", AllocationIds=[id_])
    return address and {
        "allocationId": id_,
        "arn": cloud.arn(f"elastic-ip/{id_}"),
        "associationId": address.get("AssociationId"),
        "domain": address.get("Domain"),
        # Of what holds it, only what was asked for is said: a NAT gateway's is not an instance's.
        "instance": (address.get("InstanceId") or None) if "instance" in inputs else None,
        "privateIp": address.get("PrivateIpAddress"),
        "publicIp": address["PublicIp"],
        "publicDns": f"ec2-{address['PublicIp'].replace('.', '-')}.{cloud.region}.compute.amazonaws.com",
        "tagsAll": plain(address.get("Tags")),
    }


def _delete_address(cloud: Cloud, id_: str, state: Values) -> None:
    _associate(cloud, id_, state, {})
    look(cloud.ec2.release_address, AllocationId=id_)


ADDRESS = Kind(
    "aws:ec2/eip:Eip",
    {
        "domain": text("vpc", replaces=True, default="vpc"),
        "instance": text(),
        "networkInterface": text(),
        "tags": mapping(),
    },
    ("allocationId", "arn", "associationId", "privateIp", "publicIp", "publicDns", "tagsAll"),
    _make_address,
    _read_address,
    _delete_address,
    at_first(_associate),
    {"instance": _associate, "networkInterface": _associate, "tags": retag},
)


def _make_nat(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.create_nat_gateway(
        SubnetId=inputs["subnetId"],
        ConnectivityType=inputs["connectivityType"],
        TagSpecifications=cloud.specification("natgateway", inputs),
        **given(inputs, AllocationId="allocationId", PrivateIpAddress="privateIp"),
    )
    return str(made["NatGateway"]["NatGatewayId"])


def _read_nat(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    nat = first(cloud.ec2.describe_nat_gateways, "NatGateways", NatGatewayIds=[id_])
    if nat is None or nat["State"] in ("deleting", "deleted", "failed"):
        return None
    address = (nat.get("NatGatewayAddresses") or [{}])[0]
    return {
        "subnetId": nat["SubnetId"],
        "connectivityType": nat.get("ConnectivityType"),
        "allocationId": address.get("AllocationId"),
        "networkInterfaceId": address.get("NetworkInterfaceId"),
        "privateIp": address.get("PrivateIp"),
        "publicIp": address.get("PublicIp"),
        "tagsAll": plain(nat.get("Tags")),
    }


def _delete_nat(cloud: Cloud, id_: str, _state: Values) -> None:
    if look(cloud.ec2.delete_nat_gateway, NatGatewayId=id_) is not None:
        cloud.ec2.get_waiter("nat_gateway_deleted").wait(
            NatGatewayIds=[id_], WaiterConfig={"Delay": 2, "MaxAttempts": 90}
        )


NAT = Kind(
    "aws:ec2/natGateway:NatGateway",
    {
        "subnetId": text(required=True, replaces=True),
        "connectivityType": text("public", "private", replaces=True, default="public"),
        "allocationId": text(replaces=True),
        "privateIp": text(replaces=True),
        "tags": mapping(),
    },
    ("networkInterfaceId", "privateIp", "publicIp", "tagsAll"),
    _make_nat,
    _read_nat,
    _delete_nat,
    lambda cloud, id_, _: cloud.ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[id_]),
    {"tags": retag},
)

KINDS = (INTERNET, ADDRESS, NAT)

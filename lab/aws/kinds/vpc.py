"""A network of one's own, and its parts."""

from __future__ import annotations

from lab.aws.cloud import Cloud, look, plain
from lab.aws.kind import Kind
from lab.aws.kinds.common import at_first, difference, first, given, retag, where
from lab.aws.shape import document, flag, mapping, text, texts
from lab.aws.wire import Values


def _make_vpc(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.create_vpc(
        CidrBlock=inputs["cidrBlock"],
        InstanceTenancy=inputs["instanceTenancy"],
        TagSpecifications=cloud.specification("vpc", inputs),
    )
    return str(made["Vpc"]["VpcId"])


def _set_dns(cloud: Cloud, id_: str, _before: Values, inputs: Values) -> None:
    # One of the two at a time, and names for hosts only while there is DNS.
    cloud.ec2.modify_vpc_attribute(VpcId=id_, EnableDnsSupport={"Value": inputs["enableDnsSupport"]})
    cloud.ec2.modify_vpc_attribute(VpcId=id_, EnableDnsHostnames={"Value": inputs["enableDnsHostnames"]})


def read_vpc(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    """Return what there is of a network."""
    vpc = first(cloud.ec2.describe_vpcs, "Vpcs", VpcIds=[id_])
    if vpc is None:
        return None

    def attribute(name: str) -> bool:
        answer = cloud.ec2.describe_vpc_attribute(VpcId=id_, Attribute=name)
        return bool(answer[name[0].upper() + name[1:]]["Value"])

    main = first(
        cloud.ec2.describe_route_tables, "RouteTables", Filters=where(vpc_id=id_, **{"association.main": "true"})
    )
    group = first(cloud.ec2.describe_security_groups, "SecurityGroups", Filters=where(vpc_id=id_, group_name="default"))
    acl = first(cloud.ec2.describe_network_acls, "NetworkAcls", Filters=where(vpc_id=id_, default="true"))
    return {
        "arn": cloud.arn(f"vpc/{id_}"),
        "cidrBlock": vpc["CidrBlock"],
        "instanceTenancy": vpc["InstanceTenancy"],
        "enableDnsSupport": attribute("enableDnsSupport"),
        "enableDnsHostnames": attribute("enableDnsHostnames"),
        "dhcpOptionsId": vpc.get("DhcpOptionsId"),
        "ownerId": vpc.get("OwnerId", cloud.account),
        "mainRouteTableId": main and main["RouteTableId"],
        "defaultRouteTableId": main and main["RouteTableId"],
        "defaultSecurityGroupId": group and group["GroupId"],
        "defaultNetworkAclId": acl and acl["NetworkAclId"],
        "tagsAll": plain(vpc.get("Tags")),
    }


VPC = Kind(
    "aws:ec2/vpc:Vpc",
    {
        "cidrBlock": text(required=True, replaces=True),
        "instanceTenancy": text("default", "dedicated", replaces=True, default="default"),
        "enableDnsSupport": flag(default=True),
        "enableDnsHostnames": flag(default=False),
        "tags": mapping(),
    },
    (
        "arn",
        "dhcpOptionsId",
        "ownerId",
        "mainRouteTableId",
        "defaultRouteTableId",
        "defaultSecurityGroupId",
        "defaultNetworkAclId",
        "tagsAll",
    ),
    _make_vpc,
    read_vpc,
    lambda cloud, id_, _: look(cloud.ec2.delete_vpc, VpcId=id_),
    at_first(_set_dns),
    {"enableDnsSupport": _set_dns, "enableDnsHostnames": _set_dns, "tags": retag},
)


def _make_subnet(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.create_subnet(
        VpcId=inputs["vpcId"],
        CidrBlock=inputs["cidrBlock"],
        TagSpecifications=cloud.specification("subnet", inputs),
        **given(inputs, AvailabilityZone="availabilityZone"),
    )
    return str(made["Subnet"]["SubnetId"])


def _set_public(cloud: Cloud, id_: str, _before: Values, inputs: Values) -> None:
    cloud.ec2.modify_subnet_attribute(SubnetId=id_, MapPublicIpOnLaunch={"Value": inputs["mapPublicIpOnLaunch"]})


def read_subnet(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    """Return what there is of a subnet."""
    subnet = first(cloud.ec2.describe_subnets, "Subnets", SubnetIds=[id_])
    return subnet and {
        "arn": subnet.get("SubnetArn", cloud.arn(f"subnet/{id_}")),
        "vpcId": subnet["VpcId"],
        "cidrBlock": subnet["CidrBlock"],
        "availabilityZone": subnet["AvailabilityZone"],
        "availabilityZoneId": subnet.get("AvailabilityZoneId"),
        "mapPublicIpOnLaunch": subnet["MapPublicIpOnLaunch"],
        "ownerId": subnet.get("OwnerId", cloud.account),
        "tagsAll": plain(subnet.get("Tags")),
    }


SUBNET = Kind(
    "aws:ec2/subnet:Subnet",
    {
        "vpcId": text(required=True, replaces=True),
        "cidrBlock": text(required=True, replaces=True),
        "availabilityZone": text(replaces=True),
        "mapPublicIpOnLaunch": flag(default=False),
        "tags": mapping(),
    },
    ("arn", "availabilityZone", "availabilityZoneId", "ownerId", "tagsAll"),
    _make_subnet,
    read_subnet,
    lambda cloud, id_, _: look(cloud.ec2.delete_subnet, SubnetId=id_),
    at_first(_set_public),
    {"mapPublicIpOnLaunch": _set_public, "tags": retag},
)


def _make_endpoint(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.create_vpc_endpoint(
        VpcId=inputs["vpcId"],
        ServiceName=inputs["serviceName"],
        VpcEndpointType=inputs["vpcEndpointType"],
        TagSpecifications=cloud.specification("vpc-endpoint", inputs),
        **given(
            inputs,
            RouteTableIds="routeTableIds",
            SubnetIds="subnetIds",
            SecurityGroupIds="securityGroupIds",
            PrivateDnsEnabled="privateDnsEnabled",
            PolicyDocument="policy",
        ),
    )
    return str(made["VpcEndpoint"]["VpcEndpointId"])


def _change_endpoint(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    arguments = given(after, PrivateDnsEnabled="privateDnsEnabled", PolicyDocument="policy")
    for word in ("RouteTableIds", "SubnetIds", "SecurityGroupIds"):
        name = word[0].lower() + word[1:]
        more, less = difference(before.get(name, []), after.get(name, []))
        arguments |= {f"Add{word}": more} if more else {}
        arguments |= {f"Remove{word}": less} if less else {}
    cloud.ec2.modify_vpc_endpoint(VpcEndpointId=id_, **arguments)


def _read_endpoint(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    endpoint = first(cloud.ec2.describe_vpc_endpoints, "VpcEndpoints", VpcEndpointIds=[id_])
    if endpoint is None or endpoint["State"].lower() in ("deleting", "deleted"):
        return None
    return {
        "arn": cloud.arn(f"vpc-endpoint/{id_}"),
        "serviceName": endpoint["ServiceName"],
        "vpcId": endpoint["VpcId"],
        "vpcEndpointType": endpoint["VpcEndpointType"],
        "routeTableIds": endpoint.get("RouteTableIds", []),
        "subnetIds": endpoint.get("SubnetIds", []),
        "securityGroupIds": [group["GroupId"] for group in endpoint.get("Groups", [])],
        "networkInterfaceIds": endpoint.get("NetworkInterfaceIds", []),
        "ownerId": endpoint.get("OwnerId", cloud.account),
        "state": endpoint["State"],
        "tagsAll": plain(endpoint.get("Tags")),
    }


_IN_PLACE = ("routeTableIds", "subnetIds", "securityGroupIds", "privateDnsEnabled", "policy")
ENDPOINT = Kind(
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    {
        "vpcId": text(required=True, replaces=True),
        "serviceName": text(required=True, replaces=True),
        "vpcEndpointType": text("Gateway", "Interface", replaces=True, default="Gateway"),
        "routeTableIds": texts(),
        "subnetIds": texts(),
        "securityGroupIds": texts(),
        "privateDnsEnabled": flag(),
        "policy": document(),
        "tags": mapping(),
    },
    ("arn", "networkInterfaceIds", "ownerId", "state", "tagsAll"),
    _make_endpoint,
    _read_endpoint,
    lambda cloud, id_, _: look(cloud.ec2.delete_vpc_endpoints, VpcEndpointIds=[id_]),
    updates=dict.fromkeys(_IN_PLACE, _change_endpoint) | {"tags": retag},
)

KINDS = (VPC, SUBNET, ENDPOINT)

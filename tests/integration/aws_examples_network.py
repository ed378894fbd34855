"""Examples of what a network in AWS is made of, each on top of those before."""

from __future__ import annotations

from tests.integration.aws import REGION, ZONES
from tests.integration.aws_examples import (
    ADDRESS,
    GATEWAY,
    GROUP,
    NAT,
    RETAGGED,
    SUBNET,
    TABLE,
    TAGS,
    VPC,
    Example,
    policy,
)

NETWORK = [
    Example(
        VPC,
        {"cidrBlock": "10.40.0.0/16", "enableDnsHostnames": True, **TAGS},
        [{"enableDnsHostnames": False}, {"enableDnsSupport": False}, RETAGGED],
    ),
    Example(VPC, {"cidrBlock": "10.50.0.0/16", "enableDnsHostnames": True}),
    Example(
        SUBNET,
        {"vpcId": f"{{{VPC}}}", "cidrBlock": "10.40.0.0/20", "availabilityZone": ZONES[0], **TAGS},
        [{"mapPublicIpOnLaunch": True}, RETAGGED],
    ),
    Example(SUBNET, {"vpcId": f"{{{VPC}}}", "cidrBlock": "10.40.16.0/20", "availabilityZone": ZONES[1]}),
    Example(GATEWAY, {"vpcId": f"{{{VPC}}}", **TAGS}, [{"vpcId": f"{{{VPC}#2}}"}, {"vpcId": f"{{{VPC}}}"}, RETAGGED]),
    Example(TABLE, {"vpcId": f"{{{VPC}}}", **TAGS}, [RETAGGED]),
    Example(TABLE, {"vpcId": f"{{{VPC}}}"}),
    Example(ADDRESS, {"domain": "vpc", **TAGS}, [RETAGGED]),
    Example(NAT, {"subnetId": f"{{{SUBNET}}}", "allocationId": f"{{{ADDRESS}}}", **TAGS}, [RETAGGED]),
    Example(
        "aws:ec2/route:Route",
        {
            "routeTableId": f"{{{TABLE}}}",
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": f"{{{GATEWAY}}}",
        },
        [
            {"gatewayId": None, "natGatewayId": f"{{{NAT}}}"},
            {"natGatewayId": None, "networkInterfaceId": f"{{{NAT}.networkInterfaceId}}"},
        ],
    ),
    Example(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"routeTableId": f"{{{TABLE}}}", "subnetId": f"{{{SUBNET}}}"},
        [{"routeTableId": f"{{{TABLE}#2}}"}],
    ),
    Example(
        GROUP,
        {"vpcId": f"{{{VPC}}}", "description": "control planes", **TAGS},
        [{"revokeRulesOnDelete": True}, RETAGGED],
    ),
    Example(GROUP, {"name": "workers", "vpcId": f"{{{VPC}}}"}),
    Example(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": f"{{{GROUP}}}",
            "ipProtocol": "tcp",
            "fromPort": 6443,
            "toPort": 6443,
            "cidrIpv4": "10.40.0.0/16",
            "description": "the API",
            **TAGS,
        },
        [
            {"fromPort": 6440, "toPort": 6444},
            {"ipProtocol": "udp"},
            {"description": "something else"},
            {"cidrIpv4": None, "referencedSecurityGroupId": f"{{{GROUP}#2}}"},
            {"referencedSecurityGroupId": None, "cidrIpv6": "2001:db8::/32"},
            {"cidrIpv6": None, "prefixListId": "pl-6ea54007"},
            RETAGGED,
        ],
    ),
    Example(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {"securityGroupId": f"{{{GROUP}}}", "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"},
    ),
    Example(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": f"{{{VPC}}}",
            "serviceName": f"com.amazonaws.{REGION}.s3",
            "routeTableIds": [f"{{{TABLE}}}"],
            **TAGS,
        },
        [
            {"routeTableIds": [f"{{{TABLE}#2}}"]},
            # And back: moto deletes no endpoint whose tables are not those that it was made with.
            {"routeTableIds": [f"{{{TABLE}}}"]},
            {"policy": policy("s3:GetObject")},
            RETAGGED,
        ],
    ),
    Example(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": f"{{{VPC}}}",
            "serviceName": f"com.amazonaws.{REGION}.ssm",
            "vpcEndpointType": "Interface",
            "subnetIds": [f"{{{SUBNET}}}"],
            "securityGroupIds": [f"{{{GROUP}}}"],
            "privateDnsEnabled": True,
        },
        [
            {"subnetIds": [f"{{{SUBNET}}}", f"{{{SUBNET}#2}}"]},
            {"securityGroupIds": [f"{{{GROUP}#2}}"]},
            {"privateDnsEnabled": False},
        ],
    ),
]

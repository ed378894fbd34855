"""One of each type of resource that the stand-in knows, and how each property of it can change in place.

A text such as `{aws:ec2/vpc:Vpc}` stands for the id of the example of that type, one that ends in `#2}` for that of its
second one, and one that ends in `.arn}` for one of its outputs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.integration.aws import REGION, ZONES

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKTpCCJCXhgFQVEJzl7hk6ol8+3Z0YI3kLhBBYNO+dHn login"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def policy(action: str) -> str:
    """Return a policy that allows one action."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True)
class Example:
    """A resource, and edits of it one after the other: None takes a property away."""

    token: str
    inputs: dict[str, Any]
    edits: list[dict[str, Any]] = field(default_factory=list)


TAGS = {"tags": {"Name": "one", "kubernetes.io/cluster/prod": "owned"}}
RETAGGED = {"tags": {"Name": "other", "team": "platform"}}
VPC, SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
TABLE, GATEWAY = "aws:ec2/routeTable:RouteTable", "aws:ec2/internetGateway:InternetGateway"
ADDRESS, NAT = "aws:ec2/eip:Eip", "aws:ec2/natGateway:NatGateway"
GROUP, INSTANCE = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/instance:Instance"
VOLUME, BALANCER = "aws:ebs/volume:Volume", "aws:lb/loadBalancer:LoadBalancer"
TARGETS, ROLE = "aws:lb/targetGroup:TargetGroup", "aws:iam/role:Role"

EXAMPLES = [
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
    Example("aws:ec2/keyPair:KeyPair", {"publicKey": KEY, **TAGS}, [RETAGGED]),
    Example(
        ROLE,
        {"assumeRolePolicy": TRUST, "description": "of nodes", **TAGS},
        [
            {"assumeRolePolicy": TRUST.replace("ec2.", "ssm.")},
            {"description": "of control planes"},
            {"maxSessionDuration": 7200},
            {"forceDetachPolicies": True},
            RETAGGED,
        ],
    ),
    Example(
        "aws:iam/rolePolicy:RolePolicy",
        {"role": f"{{{ROLE}}}", "policy": policy("ec2:DescribeInstances")},
        [{"policy": policy("ec2:DescribeVolumes")}],
    ),
    Example(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": f"{{{ROLE}}}", "policyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"},
    ),
    Example(ROLE, {"name": "spare", "assumeRolePolicy": TRUST}),
    Example(
        "aws:iam/instanceProfile:InstanceProfile",
        {"role": f"{{{ROLE}}}", **TAGS},
        [{"role": f"{{{ROLE}#2}}"}, RETAGGED],
    ),
    Example(
        INSTANCE,
        {
            "ami": "ami-00000000000000003",
            "instanceType": "m6i.large",
            "subnetId": f"{{{SUBNET}}}",
            "privateIp": "10.40.0.10",
            "vpcSecurityGroupIds": [f"{{{GROUP}}}"],
            "keyName": "{aws:ec2/keyPair:KeyPair}",
            "iamInstanceProfile": "{aws:iam/instanceProfile:InstanceProfile}",
            "userData": "#cloud-config\n{}\n",
            "disableApiTermination": True,
            "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
            "rootBlockDevice": {"volumeSize": 50, "volumeType": "gp3", "encrypted": True},
            "volumeTags": {"Name": "one"},
            **TAGS,
        },
        [
            {"instanceType": "m6i.xlarge"},
            {"userData": "#cloud-config\nhostname: one\n"},
            {"userData": None, "userDataBase64": "I2Nsb3VkLWNvbmZpZwo="},
            {"vpcSecurityGroupIds": [f"{{{GROUP}}}", f"{{{GROUP}#2}}"]},
            {"userDataReplaceOnChange": True},
            {"sourceDestCheck": False},
            {"metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 2}},
            {"rootBlockDevice": {"volumeSize": 60, "volumeType": "gp3", "encrypted": True}},
            {"volumeTags": {"Name": "other"}},
            {"forceDestroy": True},
            {"disableApiTermination": False},
            RETAGGED,
        ],
    ),
    Example(
        INSTANCE,
        {
            "ami": "ami-00000000000000003",
            "instanceType": "t3.micro",
            "subnetId": f"{{{SUBNET}}}",
            "associatePublicIpAddress": True,
            "vpcSecurityGroupIds": [f"{{{GROUP}#2}}"],
            "creditSpecification": {"cpuCredits": "standard"},
            "ebsBlockDevices": [{"deviceName": "/dev/sdf", "volumeSize": 20, "volumeType": "gp3", "encrypted": True}],
        },
    ),
    Example(
        ADDRESS,
        {"domain": "vpc", "instance": f"{{{INSTANCE}}}"},
        [
            {"instance": None, "networkInterface": f"{{{INSTANCE}#2.primaryNetworkInterfaceId}}"},
            {"networkInterface": None},
        ],
    ),
    Example(
        VOLUME,
        {"availabilityZone": ZONES[0], "size": 20, "type": "gp3", "encrypted": True, **TAGS},
        [
            {"size": 30},
            {"iops": 4000},
            {"throughput": 250},
            {"throughput": None, "type": "io2"},
            {"finalSnapshot": True},
            RETAGGED,
        ],
    ),
    Example(
        "aws:ec2/volumeAttachment:VolumeAttachment",
        {"deviceName": "/dev/sdf", "instanceId": f"{{{INSTANCE}}}", "volumeId": f"{{{VOLUME}}}"},
        [{"forceDetach": True}, {"stopInstanceBeforeDetaching": True}, {"skipDestroy": True}, {"skipDestroy": False}],
    ),
    Example(
        BALANCER,
        {
            "internal": True,
            "loadBalancerType": "network",
            "subnets": [f"{{{SUBNET}}}"],
            "securityGroups": [f"{{{GROUP}}}"],
            "enableCrossZoneLoadBalancing": True,
            **TAGS,
        },
        [
            {"enableCrossZoneLoadBalancing": False},
            {"subnets": [f"{{{SUBNET}}}", f"{{{SUBNET}#2}}"]},
            {"securityGroups": [f"{{{GROUP}#2}}"]},
            {"enableDeletionProtection": True},
            {"enableDeletionProtection": False},
            RETAGGED,
        ],
    ),
    Example(
        TARGETS,
        {
            "port": 6443,
            "protocol": "TCP",
            "targetType": "ip",
            "vpcId": f"{{{VPC}}}",
            "preserveClientIp": "false",
            "healthCheck": {"protocol": "HTTPS", "path": "/readyz", "port": "6443", "matcher": "200", "interval": 10},
            **TAGS,
        },
        [
            {"healthCheck": {"protocol": "HTTPS", "path": "/livez", "port": "6443", "matcher": "200", "interval": 10}},
            {"deregistrationDelay": 30},
            {"connectionTermination": True},
            {"preserveClientIp": "true"},
            RETAGGED,
        ],
    ),
    Example(TARGETS, {"port": 6443, "protocol": "TCP", "targetType": "ip", "vpcId": f"{{{VPC}}}"}),
    Example(
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": f"{{{BALANCER}}}",
            "port": 6443,
            "protocol": "TCP",
            "defaultActions": [{"type": "forward", "targetGroupArn": f"{{{TARGETS}}}"}],
            **TAGS,
        },
        [
            {"defaultActions": [{"type": "forward", "targetGroupArn": f"{{{TARGETS}#2}}"}]},
            {"port": 443},
            {"protocol": None},
            {"tcpIdleTimeoutSeconds": 6000},
            RETAGGED,
        ],
    ),
    Example(
        "aws:lb/targetGroupAttachment:TargetGroupAttachment",
        {"targetGroupArn": f"{{{TARGETS}}}", "targetId": "10.40.0.10", "port": 6443},
    ),
    Example(
        "aws:route53/zone:Zone",
        {"name": "prod.internal", "vpcs": [{"vpcId": f"{{{VPC}}}"}], **TAGS},
        [{"vpcs": [{"vpcId": f"{{{VPC}}}"}, {"vpcId": f"{{{VPC}#2}}"}]}, {"forceDestroy": True}, RETAGGED],
    ),
    Example(
        "aws:route53/record:Record",
        {"zoneId": "{aws:route53/zone:Zone}", "name": "api", "type": "A", "ttl": 60, "records": ["10.40.0.10"]},
        [
            {"records": ["10.40.0.10", "10.40.0.11"]},
            {"ttl": 30},
            {"allowOverwrite": True},
            {
                "ttl": None,
                "records": None,
                "aliases": [
                    {
                        "name": f"{{{BALANCER}.dnsName}}",
                        "zoneId": f"{{{BALANCER}.zoneId}}",
                        "evaluateTargetHealth": True,
                    }
                ],
            },
        ],
    ),
]

"""Examples of machines in AWS and what is around them, on top of those of a network."""

from __future__ import annotations

from tests.integration.aws import ZONES
from tests.integration.aws_examples import (
    ADDRESS,
    BALANCER,
    GROUP,
    INSTANCE,
    KEY,
    RETAGGED,
    ROLE,
    SUBNET,
    TAGS,
    TARGETS,
    TRUST,
    VOLUME,
    VPC,
    Example,
    policy,
)

MACHINES = [
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

"""Who may reach whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.aws.cloud import Cloud, look, plain
from lab.aws.kind import Kind
from lab.aws.kinds.common import first, given, nothing, retag
from lab.aws.shape import flag, mapping, number, text
from lab.aws.wire import Values


def _make_group(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.create_security_group(
        GroupName=inputs["name"],
        Description=inputs["description"],
        TagSpecifications=cloud.specification("security-group", inputs),
        **given(inputs, VpcId="vpcId"),
    )
    return str(made["GroupId"])


def _close(cloud: Cloud, id_: str, _inputs: Values) -> None:
    """Take away the rule that AWS gives a new group: everything may go out. The real plugin does so too."""
    group = first(cloud.ec2.describe_security_groups, "SecurityGroups", GroupIds=[id_])
    if group["IpPermissionsEgress"]:
        cloud.ec2.revoke_security_group_egress(GroupId=id_, IpPermissions=group["IpPermissionsEgress"])


def _read_group(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    group = first(cloud.ec2.describe_security_groups, "SecurityGroups", GroupIds=[id_])
    return group and {
        "arn": cloud.arn(f"security-group/{id_}"),
        "name": group["GroupName"],
        "description": group["Description"],
        "vpcId": group.get("VpcId"),
        "ownerId": group.get("OwnerId", cloud.account),
        "tagsAll": plain(group.get("Tags")),
    }


GROUP = Kind(
    "aws:ec2/securityGroup:SecurityGroup",
    {
        "name": text(replaces=True),
        "description": text(replaces=True, default="Managed by Pulumi"),
        "vpcId": text(replaces=True),
        "revokeRulesOnDelete": flag(default=False),
        "tags": mapping(),
    },
    ("arn", "ownerId", "tagsAll"),
    _make_group,
    _read_group,
    lambda cloud, id_, _: look(cloud.ec2.delete_security_group, GroupId=id_),
    _close,
    {"revokeRulesOnDelete": nothing, "tags": retag},
    {"name": 255},
)

_FROM = {"CidrIpv4": "cidrIpv4", "CidrIpv6": "cidrIpv6", "PrefixListId": "prefixListId"}


def _who(inputs: Values) -> Iterator[tuple[str, str]]:
    if sum(name in inputs for name in (*_FROM.values(), "referencedSecurityGroupId")) != 1:
        yield "cidrIpv4", "a rule has one other side: cidrIpv4, cidrIpv6, prefixListId or referencedSecurityGroupId"
    ports = "fromPort" in inputs, "toPort" in inputs
    if inputs["ipProtocol"] == "-1" and any(ports):
        yield "fromPort", "a rule for all protocols has no ports"
    if inputs["ipProtocol"] != "-1" and not all(ports):
        yield "fromPort", "a rule for one protocol has fromPort and toPort"


def _permission(inputs: Values) -> dict[str, Any]:
    said = given(inputs, Description="description")
    permission: dict[str, Any] = given(inputs, IpProtocol="ipProtocol", FromPort="fromPort", ToPort="toPort")
    if "cidrIpv4" in inputs:
        permission["IpRanges"] = [{"CidrIp": inputs["cidrIpv4"], **said}]
    if "cidrIpv6" in inputs:
        permission["Ipv6Ranges"] = [{"CidrIpv6": inputs["cidrIpv6"], **said}]
    if "prefixListId" in inputs:
        permission["PrefixListIds"] = [{"PrefixListId": inputs["prefixListId"], **said}]
    if "referencedSecurityGroupId" in inputs:
        permission["UserIdGroupPairs"] = [{"GroupId": inputs["referencedSecurityGroupId"], **said}]
    return permission


def _read_rule(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    rule = first(cloud.ec2.describe_security_group_rules, "SecurityGroupRules", SecurityGroupRuleIds=[id_])
    if rule is None:
        return None
    ports = rule["IpProtocol"] != "-1"
    return {
        "arn": cloud.arn(f"security-group-rule/{id_}"),
        "securityGroupRuleId": id_,
        "securityGroupId": rule["GroupId"],
        "ipProtocol": rule["IpProtocol"],
        "fromPort": rule.get("FromPort") if ports else None,
        "toPort": rule.get("ToPort") if ports else None,
        "cidrIpv4": rule.get("CidrIpv4"),
        "cidrIpv6": rule.get("CidrIpv6"),
        "prefixListId": rule.get("PrefixListId"),
        "referencedSecurityGroupId": rule.get("ReferencedGroupInfo", {}).get("GroupId"),
        "description": rule.get("Description") or None,
        "tagsAll": plain(rule.get("Tags")),
    }


def _rule(token: str, way: str) -> Kind:
    def make(cloud: Cloud, inputs: Values) -> str:
        made = getattr(cloud.ec2, f"authorize_security_group_{way}")(
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(inputs)],
            TagSpecifications=cloud.specification("security-group-rule", inputs),
        )
        return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def change(cloud: Cloud, id_: str, _before: Values, after: Values) -> None:
        rule = given(
            after,
            IpProtocol="ipProtocol",
            FromPort="fromPort",
            ToPort="toPort",
            Description="description",
            ReferencedGroupId="referencedSecurityGroupId",
            **_FROM,
        )
        cloud.ec2.modify_security_group_rules(
            GroupId=after["securityGroupId"],
            SecurityGroupRules=[{"SecurityGroupRuleId": id_, "SecurityGroupRule": rule}],
        )

    def delete(cloud: Cloud, id_: str, state: Values) -> None:
        revoke = getattr(cloud.ec2, f"revoke_security_group_{way}")
        look(revoke, GroupId=state["securityGroupId"], SecurityGroupRuleIds=[id_])

    shapes = {name: text() for name in (*_FROM.values(), "referencedSecurityGroupId", "description")}
    shapes |= {"fromPort": number(), "toPort": number(), "ipProtocol": text(required=True)}
    return Kind(
        token,
        shapes | {"securityGroupId": text(required=True, replaces=True), "tags": mapping()},
        ("arn", "securityGroupRuleId", "tagsAll"),
        make,
        _read_rule,
        delete,
        updates=dict.fromkeys(shapes, change) | {"tags": retag},
        rules=_who,
    )


KINDS = (
    GROUP,
    _rule("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ingress"),
    _rule("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "egress"),
)

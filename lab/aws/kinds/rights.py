"""What machines may do."""

from __future__ import annotations

import json
from typing import Any

from lab.aws.cloud import Cloud, listed, look, plain
from lab.aws.kind import Kind
from lab.aws.kinds.common import at_first, given, nothing
from lab.aws.shape import document, flag, mapping, number, text
from lab.aws.wire import Values


def _tags(cloud: Cloud, inputs: Values) -> dict[str, Any]:
    tags = cloud.tags(inputs)
    return {"Tags": listed(tags)} if tags else {}


def _make_role(cloud: Cloud, inputs: Values) -> str:
    made = cloud.iam.create_role(
        RoleName=inputs["name"],
        Path=inputs["path"],
        AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
        MaxSessionDuration=inputs["maxSessionDuration"],
        **given(inputs, Description="description", PermissionsBoundary="permissionsBoundary"),
        **_tags(cloud, inputs),
    )
    return str(made["Role"]["RoleName"])


def _change_role(cloud: Cloud, id_: str, _before: Values, after: Values) -> None:
    cloud.iam.update_assume_role_policy(RoleName=id_, PolicyDocument=after["assumeRolePolicy"])
    cloud.iam.update_role(
        RoleName=id_, Description=after.get("description", ""), MaxSessionDuration=after["maxSessionDuration"]
    )


def _retag_role(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    old, new = cloud.tags(before), cloud.tags(after)
    if gone := sorted(set(old) - set(new)):
        cloud.iam.untag_role(RoleName=id_, TagKeys=gone)
    if new:
        cloud.iam.tag_role(RoleName=id_, Tags=listed(new))


def _read_role(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    answer = look(cloud.iam.get_role, RoleName=id_)
    if answer is None:
        return None
    role = answer["Role"]
    return {
        "arn": role["Arn"],
        "name": role["RoleName"],
        "path": role["Path"],
        "uniqueId": role["RoleId"],
        "createDate": role["CreateDate"].isoformat(),
        "description": role.get("Description") or None,
        "maxSessionDuration": role.get("MaxSessionDuration"),
        "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
        "tagsAll": plain(role.get("Tags")),
    }


def _delete_role(cloud: Cloud, id_: str, state: Values) -> None:
    if state.get("forceDetachPolicies"):
        for policy in (look(cloud.iam.list_attached_role_policies, RoleName=id_) or {}).get("AttachedPolicies", []):
            cloud.iam.detach_role_policy(RoleName=id_, PolicyArn=policy["PolicyArn"])
    look(cloud.iam.delete_role, RoleName=id_)


ROLE = Kind(
    "aws:iam/role:Role",
    {
        "name": text(replaces=True),
        "path": text(replaces=True, default="/"),
        "assumeRolePolicy": document(required=True),
        "description": text(),
        "maxSessionDuration": number(default=3600),
        "permissionsBoundary": text(replaces=True),
        "forceDetachPolicies": flag(default=False),
        "tags": mapping(),
    },
    ("arn", "createDate", "uniqueId", "tagsAll"),
    _make_role,
    _read_role,
    _delete_role,
    updates=dict.fromkeys(("assumeRolePolicy", "description", "maxSessionDuration"), _change_role)
    | {"forceDetachPolicies": nothing, "tags": _retag_role},
    named={"name": 64},
)


def _put(cloud: Cloud, _id: str, _before: Values, after: Values) -> None:
    cloud.iam.put_role_policy(RoleName=after["role"], PolicyName=after["name"], PolicyDocument=after["policy"])


def _make_policy(cloud: Cloud, inputs: Values) -> str:
    _put(cloud, "", {}, inputs)
    return f"{inputs['role']}:{inputs['name']}"


def _read_policy(cloud: Cloud, _id: str, inputs: Values) -> Values | None:
    found = look(cloud.iam.get_role_policy, RoleName=inputs["role"], PolicyName=inputs["name"])
    return found and {"policy": json.dumps(found["PolicyDocument"])}


POLICY = Kind(
    "aws:iam/rolePolicy:RolePolicy",
    {
        "name": text(replaces=True),
        "role": text(required=True, replaces=True),
        "policy": document(required=True),
    },
    (),
    _make_policy,
    _read_policy,
    lambda cloud, _, state: look(cloud.iam.delete_role_policy, RoleName=state["role"], PolicyName=state["name"]),
    updates={"policy": _put},
    named={"name": 128},
)


def _attach(cloud: Cloud, inputs: Values) -> str:
    cloud.iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return f"{inputs['role']}/{inputs['policyArn']}"


def _attached(cloud: Cloud, _id: str, inputs: Values) -> Values | None:
    answer = look(cloud.iam.list_attached_role_policies, RoleName=inputs["role"]) or {}
    arns = [policy["PolicyArn"] for policy in answer.get("AttachedPolicies", [])]
    return {"policyArn": inputs["policyArn"]} if inputs["policyArn"] in arns else None


ATTACHMENT = Kind(
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    {"role": text(required=True, replaces=True), "policyArn": text(required=True, replaces=True)},
    (),
    _attach,
    _attached,
    lambda cloud, _, state: look(cloud.iam.detach_role_policy, RoleName=state["role"], PolicyArn=state["policyArn"]),
)


def _make_profile(cloud: Cloud, inputs: Values) -> str:
    made = cloud.iam.create_instance_profile(
        InstanceProfileName=inputs["name"], Path=inputs["path"], **_tags(cloud, inputs)
    )
    return str(made["InstanceProfile"]["InstanceProfileName"])


def _give_role(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    if before.get("role"):
        look(cloud.iam.remove_role_from_instance_profile, InstanceProfileName=id_, RoleName=before["role"])
    if after.get("role"):
        cloud.iam.add_role_to_instance_profile(InstanceProfileName=id_, RoleName=after["role"])


def _retag_profile(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    old, new = cloud.tags(before), cloud.tags(after)
    if gone := sorted(set(old) - set(new)):
        cloud.iam.untag_instance_profile(InstanceProfileName=id_, TagKeys=gone)
    if new:
        cloud.iam.tag_instance_profile(InstanceProfileName=id_, Tags=listed(new))


def _read_profile(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    answer = look(cloud.iam.get_instance_profile, InstanceProfileName=id_)
    if answer is None:
        return None
    profile = answer["InstanceProfile"]
    roles = [role["RoleName"] for role in profile.get("Roles", [])]
    return {
        "arn": profile["Arn"],
        "name": profile["InstanceProfileName"],
        "path": profile["Path"],
        "uniqueId": profile["InstanceProfileId"],
        "createDate": profile["CreateDate"].isoformat(),
        "role": roles[0] if roles else None,
        "tagsAll": plain(profile.get("Tags")),
    }


def _delete_profile(cloud: Cloud, id_: str, state: Values) -> None:
    _give_role(cloud, id_, state, {})
    look(cloud.iam.delete_instance_profile, InstanceProfileName=id_)


PROFILE = Kind(
    "aws:iam/instanceProfile:InstanceProfile",
    {"name": text(replaces=True), "path": text(replaces=True, default="/"), "role": text(), "tags": mapping()},
    ("arn", "createDate", "uniqueId", "tagsAll"),
    _make_profile,
    _read_profile,
    _delete_profile,
    at_first(_give_role),
    {"role": _give_role, "tags": _retag_profile},
    {"name": 128},
)

KINDS = (ROLE, POLICY, ATTACHMENT, PROFILE)

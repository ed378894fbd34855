"""What machines that come and go are made by: launch templates, and addresses that are kept from them."""

from __future__ import annotations

from typing import Any

from lab.aws.cloud import Cloud, look, plain
from lab.aws.kind import Kind
from lab.aws.kinds.common import first, given, retag, upper, where
from lab.aws.shape import block, blocks, mapping, number, text, texts
from lab.aws.wire import Values

_DATA = ("imageId", "instanceType", "keyName", "iamInstanceProfile", "metadataOptions", "userData")
_LISTS = ("networkInterfaces", "blockDeviceMappings", "tagSpecifications")


def _data(inputs: Values) -> dict[str, Any]:
    found = upper({name: inputs[name] for name in (*_DATA, *_LISTS) if name in inputs})
    for card in found.get("NetworkInterfaces", []):
        card["Groups"] = card.pop("SecurityGroups", [])
    for tagged, entry in zip(inputs.get("tagSpecifications", []), found.get("TagSpecifications", []), strict=True):
        entry["Tags"] = [{"Key": key, "Value": value} for key, value in tagged["tags"].items()]
    return dict(found)


def _make_template(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.create_launch_template(
        LaunchTemplateName=inputs["name"],
        LaunchTemplateData=_data(inputs),
        TagSpecifications=cloud.specification("launch-template", inputs),
    )
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


def _next_version(cloud: Cloud, id_: str, _before: Values, after: Values) -> None:
    cloud.ec2.create_launch_template_version(LaunchTemplateId=id_, LaunchTemplateData=_data(after))


def _read_template(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    template = first(cloud.ec2.describe_launch_templates, "LaunchTemplates", LaunchTemplateIds=[id_])
    if template is None:
        return None
    found = cloud.ec2.describe_launch_template_versions(LaunchTemplateId=id_, Versions=["$Latest"])
    # moto has the template's own as they were at first.
    tags = cloud.ec2.describe_tags(Filters=where(resource_id=id_))["Tags"]
    data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    return {
        "arn": cloud.arn(f"launch-template/{id_}"),
        "name": template["LaunchTemplateName"],
        "latestVersion": template["LatestVersionNumber"],
        "defaultVersion": template["DefaultVersionNumber"],
        "imageId": data.get("ImageId"),
        "instanceType": data.get("InstanceType"),
        "keyName": data.get("KeyName"),
        "tagsAll": plain(tags),
    }


TEMPLATE = Kind(
    "aws:ec2/launchTemplate:LaunchTemplate",
    {
        "name": text(replaces=True),
        "imageId": text(),
        "instanceType": text(),
        "keyName": text(),
        "iamInstanceProfile": block({"arn": text(), "name": text()}),
        "metadataOptions": block(
            {
                "httpEndpoint": text("enabled", "disabled"),
                "httpTokens": text("optional", "required"),
                "httpPutResponseHopLimit": number(),
            }
        ),
        "networkInterfaces": blocks(
            {
                "deviceIndex": number(),
                "associatePublicIpAddress": text("true", "false"),
                "securityGroups": texts(),
                "deleteOnTermination": text("true", "false"),
            }
        ),
        "blockDeviceMappings": blocks(
            {
                "deviceName": text(),
                "ebs": block(
                    {
                        "volumeType": text(),
                        "volumeSize": number(),
                        "encrypted": text("true", "false"),
                        "kmsKeyId": text(),
                        "deleteOnTermination": text("true", "false"),
                    }
                ),
            }
        ),
        "tagSpecifications": blocks({"resourceType": text(), "tags": mapping()}),
        "userData": text(),
        "tags": mapping(),
    },
    ("arn", "latestVersion", "defaultVersion", "tagsAll"),
    _make_template,
    _read_template,
    lambda cloud, id_, _: look(cloud.ec2.delete_launch_template, LaunchTemplateId=id_),
    updates=dict.fromkeys((*_DATA, *_LISTS), _next_version) | {"tags": retag},
    named={"name": 125},
    stirred=("latestVersion",),
)


def _make_reservation(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.create_subnet_cidr_reservation(
        SubnetId=inputs["subnetId"],
        Cidr=inputs["cidrBlock"],
        ReservationType=inputs["reservationType"],
        **given(inputs, Description="description"),
    )
    return str(made["SubnetCidrReservation"]["SubnetCidrReservationId"])


def _read_reservation(cloud: Cloud, id_: str, inputs: Values) -> Values | None:
    answer = look(cloud.ec2.get_subnet_cidr_reservations, SubnetId=inputs["subnetId"]) or {}
    every = answer.get("SubnetIpv4CidrReservations", [])
    found = next((one for one in every if one["SubnetCidrReservationId"] == id_), None)
    return found and {
        "cidrBlock": found["Cidr"],
        "reservationType": found["ReservationType"],
        "description": found.get("Description"),
        "ownerId": found.get("OwnerId", cloud.account),
    }


def _delete_reservation(cloud: Cloud, id_: str, state: Values) -> None:
    if _read_reservation(cloud, id_, state):
        cloud.ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=id_)


RESERVATION = Kind(
    "aws:ec2/subnetCidrReservation:SubnetCidrReservation",
    {
        "subnetId": text(required=True, replaces=True),
        "cidrBlock": text(required=True, replaces=True),
        "reservationType": text("prefix", "explicit", required=True, replaces=True),
        "description": text(replaces=True),
    },
    ("ownerId",),
    _make_reservation,
    _read_reservation,
    _delete_reservation,
)

KINDS = (RESERVATION, TEMPLATE)

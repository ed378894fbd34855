"""A machine."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from lab.aws.cloud import Cloud, listed, look, plain
from lab.aws.kind import Kind
from lab.aws.kinds.common import first, given, nothing, retag
from lab.aws.shape import block, blocks, flag, mapping, number, text, texts
from lab.aws.wire import Values

_DISK = {
    "VolumeSize": "volumeSize",
    "VolumeType": "volumeType",
    "Encrypted": "encrypted",
    "Iops": "iops",
    "Throughput": "throughput",
    "KmsKeyId": "kmsKeyId",
    "DeleteOnTermination": "deleteOnTermination",
}
_DISK_SHAPES = {
    "volumeSize": number(),
    "volumeType": text("gp2", "gp3", "io1", "io2", "standard"),
    "encrypted": flag(),
    "iops": number(),
    "throughput": number(),
    "kmsKeyId": text(),
    "deleteOnTermination": flag(default=True),
    "tags": mapping(),
}
_METADATA = {
    "HttpEndpoint": "httpEndpoint",
    "HttpTokens": "httpTokens",
    "HttpPutResponseHopLimit": "httpPutResponseHopLimit",
    "HttpProtocolIpv6": "httpProtocolIpv6",
    "InstanceMetadataTags": "instanceMetadataTags",
}


def _user_data(inputs: Values) -> dict[str, str]:
    if "userDataBase64" in inputs:
        return {"UserData": base64.b64decode(inputs["userDataBase64"]).decode()}
    return given(inputs, UserData="userData")


def _where(inputs: Values) -> dict[str, Any]:
    """Return the arguments of its place in the network; a public address can only be asked for with a card."""
    place = given(inputs, SubnetId="subnetId", PrivateIpAddress="privateIp")
    groups = inputs.get("vpcSecurityGroupIds", [])
    if "associatePublicIpAddress" not in inputs:
        return place | ({"SecurityGroupIds": groups} if groups else {})
    public = inputs["associatePublicIpAddress"]
    card = {"DeviceIndex": 0, "AssociatePublicIpAddress": public, **place} | ({"Groups": groups} if groups else {})
    return {"NetworkInterfaces": [card]}


def _root_disk(cloud: Cloud, inputs: Values) -> Iterator[Values]:
    """Yield the first disk where anything is said of it; it is as large as the image's unless it is said."""
    if "rootBlockDevice" in inputs:
        image = first(cloud.ec2.describe_images, "Images", ImageIds=[inputs["ami"]]) or {}
        device = image.get("RootDeviceName") or "/dev/xvda"
        sizes = {disk["DeviceName"]: disk["Ebs"]["VolumeSize"] for disk in image.get("BlockDeviceMappings", [])}
        yield {"deviceName": device, "volumeSize": sizes.get(device, 8), **inputs["rootBlockDevice"]}


def _make(cloud: Cloud, inputs: Values) -> str:
    arguments = _where(inputs) | _user_data(inputs)
    arguments |= given(
        inputs,
        KeyName="keyName",
        EbsOptimized="ebsOptimized",
        InstanceInitiatedShutdownBehavior="instanceInitiatedShutdownBehavior",
    )
    if "availabilityZone" in inputs:
        arguments["Placement"] = {"AvailabilityZone": inputs["availabilityZone"]}
    if "iamInstanceProfile" in inputs:
        arguments["IamInstanceProfile"] = {"Name": inputs["iamInstanceProfile"]}
    if "metadataOptions" in inputs:
        arguments["MetadataOptions"] = given(inputs["metadataOptions"], **_METADATA)
    if "creditSpecification" in inputs:
        arguments["CreditSpecification"] = given(inputs["creditSpecification"], CpuCredits="cpuCredits")
    if disks := [*_root_disk(cloud, inputs), *inputs.get("ebsBlockDevices", [])]:
        arguments["BlockDeviceMappings"] = [
            {"DeviceName": disk["deviceName"], "Ebs": given(disk, **_DISK)} for disk in disks
        ]
    specification = cloud.specification("instance", inputs)
    if "volumeTags" in inputs:
        specification.append({"ResourceType": "volume", "Tags": listed(inputs["volumeTags"])})
    made = cloud.ec2.run_instances(
        ImageId=inputs["ami"],
        InstanceType=inputs["instanceType"],
        MinCount=1,
        MaxCount=1,
        Monitoring={"Enabled": inputs["monitoring"]},
        TagSpecifications=specification,
        **arguments,
    )
    return str(made["Instances"][0]["InstanceId"])


def _settle(cloud: Cloud, id_: str, inputs: Values) -> None:
    cloud.ec2.get_waiter("instance_running").wait(InstanceIds=[id_], WaiterConfig={"Delay": 2, "MaxAttempts": 150})
    if not inputs["sourceDestCheck"]:
        _forward(cloud, id_, {}, inputs)
    # Not with the call that makes it: moto forgets it there.
    if inputs.get("disableApiTermination"):
        _protect(cloud, id_, {}, inputs)


def _forward(cloud: Cloud, id_: str, _before: Values, after: Values) -> None:
    cloud.ec2.modify_instance_attribute(InstanceId=id_, SourceDestCheck={"Value": after["sourceDestCheck"]})


def _protect(cloud: Cloud, id_: str, _before: Values, after: Values) -> None:
    wanted = bool(after.get("disableApiTermination"))
    cloud.ec2.modify_instance_attribute(InstanceId=id_, DisableApiTermination={"Value": wanted})


def _regroup(cloud: Cloud, id_: str, _before: Values, after: Values) -> None:
    cloud.ec2.modify_instance_attribute(InstanceId=id_, Groups=after.get("vpcSecurityGroupIds", []))


def _set_metadata(cloud: Cloud, id_: str, _before: Values, after: Values) -> None:
    cloud.ec2.modify_instance_metadata_options(InstanceId=id_, **given(after.get("metadataOptions", {}), **_METADATA))


def _restarted(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    """Stop it, change what can only be changed then, and start it again: as the real plugin does, unasked."""
    cloud.ec2.stop_instances(InstanceIds=[id_])
    cloud.ec2.get_waiter("instance_stopped").wait(InstanceIds=[id_], WaiterConfig={"Delay": 2})
    if after["instanceType"] != before.get("instanceType"):
        cloud.ec2.modify_instance_attribute(InstanceId=id_, InstanceType={"Value": after["instanceType"]})
    for data in _user_data(after).values():
        # Encoded once more than AWS wants it: moto asks for that with this call.
        encoded = base64.b64encode(data.encode())
        cloud.ec2.modify_instance_attribute(InstanceId=id_, UserData={"Value": encoded})
    cloud.ec2.start_instances(InstanceIds=[id_])
    cloud.ec2.get_waiter("instance_running").wait(InstanceIds=[id_], WaiterConfig={"Delay": 2})


def _grow(cloud: Cloud, id_: str, _before: Values, after: Values) -> None:
    found = _read(cloud, id_, after) or {}
    changed = {"VolumeSize": "Size", "VolumeType": "VolumeType", "Iops": "Iops", "Throughput": "Throughput"}
    disk = given(
        after.get("rootBlockDevice", {}), **{changed[key]: name for key, name in _DISK.items() if key in changed}
    )
    cloud.ec2.modify_volume(VolumeId=found["rootBlockDevice"]["volumeId"], **disk)


def _read(cloud: Cloud, id_: str, inputs: Values) -> Values | None:
    reservation = first(cloud.ec2.describe_instances, "Reservations", InstanceIds=[id_])
    instance = reservation and reservation["Instances"][0]
    if instance is None or instance["State"]["Name"] in ("shutting-down", "terminated"):
        return None
    cards = instance.get("NetworkInterfaces") or [{}]
    protected = cloud.ec2.describe_instance_attribute(InstanceId=id_, Attribute="disableApiTermination")
    found = {
        "arn": cloud.arn(f"instance/{id_}"),
        "ami": instance["ImageId"],
        "instanceType": instance["InstanceType"],
        "instanceState": instance["State"]["Name"],
        "availabilityZone": instance["Placement"]["AvailabilityZone"],
        "subnetId": instance.get("SubnetId"),
        "privateIp": instance.get("PrivateIpAddress"),
        "privateDns": instance.get("PrivateDnsName"),
        "publicIp": instance.get("PublicIpAddress") or "",
        "publicDns": instance.get("PublicDnsName") or "",
        "primaryNetworkInterfaceId": cards[0].get("NetworkInterfaceId"),
        "keyName": instance.get("KeyName"),
        "vpcSecurityGroupIds": [group["GroupId"] for group in instance.get("SecurityGroups", [])],
        "sourceDestCheck": instance.get("SourceDestCheck", True),
        "disableApiTermination": protected["DisableApiTermination"]["Value"],
        "tagsAll": plain(instance.get("Tags")),
    }
    return found | {"rootBlockDevice": _root(cloud, instance, inputs)}


def _root(cloud: Cloud, instance: Any, inputs: Values) -> Values:
    device = instance.get("RootDeviceName")
    for mapping_ in instance.get("BlockDeviceMappings", []):
        if mapping_["DeviceName"] == device:
            id_ = mapping_["Ebs"]["VolumeId"]
            volume = first(cloud.ec2.describe_volumes, "Volumes", VolumeIds=[id_]) or {}
            seen = given(volume, volumeSize="Size", volumeType="VolumeType", encrypted="Encrypted")
            return {**inputs.get("rootBlockDevice", {}), **seen, "volumeId": id_, "deviceName": device}
    return dict(inputs.get("rootBlockDevice", {}))


def _delete(cloud: Cloud, id_: str, state: Values) -> None:
    if state.get("forceDestroy"):
        _protect(cloud, id_, state, {})
    if look(cloud.ec2.terminate_instances, InstanceIds=[id_]) is not None:
        waiter = cloud.ec2.get_waiter("instance_terminated")
        waiter.wait(InstanceIds=[id_], WaiterConfig={"Delay": 2, "MaxAttempts": 150})


def _fits(inputs: Values) -> Iterator[tuple[str, str]]:
    if "userData" in inputs and "userDataBase64" in inputs:
        yield "userDataBase64", "cannot be given together with userData"
    for name in ("privateIp", "associatePublicIpAddress"):
        if name in inputs and "subnetId" not in inputs:
            yield name, "needs subnetId"


INSTANCE = Kind(
    "aws:ec2/instance:Instance",
    {
        "ami": text(required=True, replaces=True),
        "instanceType": text(required=True),
        "availabilityZone": text(replaces=True),
        "subnetId": text(replaces=True),
        "privateIp": text(replaces=True),
        "associatePublicIpAddress": flag(replaces=True),
        "keyName": text(replaces=True),
        "vpcSecurityGroupIds": texts(),
        "iamInstanceProfile": text(replaces=True),
        # As with the real plugin: without the flag the machine is stopped, told, and started.
        "userData": text(replaces=True, when="userDataReplaceOnChange"),
        "userDataBase64": text(replaces=True, when="userDataReplaceOnChange"),
        "userDataReplaceOnChange": flag(default=False),
        "disableApiTermination": flag(),
        "instanceInitiatedShutdownBehavior": text("stop", "terminate", replaces=True),
        "sourceDestCheck": flag(default=True),
        "ebsOptimized": flag(replaces=True),
        "monitoring": flag(replaces=True, default=False),
        "forceDestroy": flag(default=False),
        "metadataOptions": block(
            {
                "httpEndpoint": text("enabled", "disabled"),
                "httpTokens": text("optional", "required"),
                "httpPutResponseHopLimit": number(),
                "httpProtocolIpv6": text("enabled", "disabled"),
                "instanceMetadataTags": text("enabled", "disabled"),
            }
        ),
        "creditSpecification": block({"cpuCredits": text("standard", "unlimited")}, replaces=True),
        "rootBlockDevice": block(_DISK_SHAPES),
        "ebsBlockDevices": blocks({"deviceName": text(required=True), **_DISK_SHAPES}, replaces=True),
        "volumeTags": mapping(),
        "tags": mapping(),
    },
    (
        "arn",
        "availabilityZone",
        "instanceState",
        "primaryNetworkInterfaceId",
        "privateDns",
        "privateIp",
        "publicDns",
        "publicIp",
        "tagsAll",
    ),
    _make,
    _read,
    _delete,
    _settle,
    {
        "instanceType": _restarted,
        "userData": _restarted,
        "userDataBase64": _restarted,
        "vpcSecurityGroupIds": _regroup,
        "userDataReplaceOnChange": nothing,
        "disableApiTermination": _protect,
        "sourceDestCheck": _forward,
        "forceDestroy": nothing,
        "metadataOptions": _set_metadata,
        "rootBlockDevice": _grow,
        "volumeTags": nothing,
        "tags": retag,
    },
    rules=_fits,
)

KINDS = (INSTANCE,)

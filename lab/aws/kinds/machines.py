"""What machines are made with: keys and disks."""

from __future__ import annotations

from lab.aws.cloud import Cloud, look, plain
from lab.aws.kind import Kind
from lab.aws.kinds.common import first, given, nothing, retag
from lab.aws.shape import flag, mapping, number, text
from lab.aws.wire import Values


def _make_key(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.import_key_pair(
        KeyName=inputs["keyName"],
        PublicKeyMaterial=inputs["publicKey"].encode(),
        TagSpecifications=cloud.specification("key-pair", inputs),
    )
    return str(made["KeyName"])


def _read_key(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    key = first(cloud.ec2.describe_key_pairs, "KeyPairs", KeyNames=[id_])
    return key and {
        "arn": cloud.arn(f"key-pair/{id_}"),
        "keyName": key["KeyName"],
        "keyPairId": key.get("KeyPairId"),
        "keyType": key.get("KeyType"),
        "fingerprint": key.get("KeyFingerprint"),
        "tagsAll": plain(key.get("Tags")),
    }


def _retag_key(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    key = first(cloud.ec2.describe_key_pairs, "KeyPairs", KeyNames=[id_])
    retag(cloud, key["KeyPairId"], before, after)


KEY = Kind(
    "aws:ec2/keyPair:KeyPair",
    {
        "keyName": text(replaces=True),
        "publicKey": text(required=True, replaces=True),
        "tags": mapping(),
    },
    ("arn", "keyPairId", "keyType", "fingerprint", "tagsAll"),
    _make_key,
    _read_key,
    lambda cloud, id_, _: look(cloud.ec2.delete_key_pair, KeyName=id_),
    updates={"tags": _retag_key},
    named={"keyName": 255},
)


def _make_volume(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.create_volume(
        AvailabilityZone=inputs["availabilityZone"],
        VolumeType=inputs["type"],
        Encrypted=inputs["encrypted"],
        TagSpecifications=cloud.specification("volume", inputs),
        **given(
            inputs, Size="size", Iops="iops", Throughput="throughput", KmsKeyId="kmsKeyId", SnapshotId="snapshotId"
        ),
    )
    return str(made["VolumeId"])


def _change_volume(cloud: Cloud, id_: str, _before: Values, after: Values) -> None:
    changed = given(after, Size="size", VolumeType="type", Iops="iops", Throughput="throughput")
    cloud.ec2.modify_volume(VolumeId=id_, **changed)


def _read_volume(cloud: Cloud, id_: str, inputs: Values) -> Values | None:
    volume = first(cloud.ec2.describe_volumes, "Volumes", VolumeIds=[id_])
    return volume and {
        "arn": cloud.arn(f"volume/{id_}"),
        "availabilityZone": volume["AvailabilityZone"],
        "size": volume["Size"],
        "type": volume["VolumeType"],
        "encrypted": volume["Encrypted"],
        "iops": volume.get("Iops") if "iops" in inputs else None,
        "createTime": volume["CreateTime"].isoformat(),
        "tagsAll": plain(volume.get("Tags")),
    }


def _delete_volume(cloud: Cloud, id_: str, state: Values) -> None:
    if state.get("finalSnapshot"):
        look(cloud.ec2.create_snapshot, VolumeId=id_)
    look(cloud.ec2.delete_volume, VolumeId=id_)


VOLUME = Kind(
    "aws:ebs/volume:Volume",
    {
        "availabilityZone": text(required=True, replaces=True),
        "size": number(),
        "type": text("gp2", "gp3", "io1", "io2", "standard", default="gp2"),
        "encrypted": flag(replaces=True, default=False),
        "iops": number(),
        "throughput": number(),
        "kmsKeyId": text(replaces=True),
        "snapshotId": text(replaces=True),
        "finalSnapshot": flag(default=False),
        "tags": mapping(),
    },
    ("arn", "createTime", "tagsAll"),
    _make_volume,
    _read_volume,
    _delete_volume,
    updates=dict.fromkeys(("size", "type", "iops", "throughput"), _change_volume)
    | {"finalSnapshot": nothing, "tags": retag},
)


def _attach(cloud: Cloud, inputs: Values) -> str:
    volume, instance, device = inputs["volumeId"], inputs["instanceId"], inputs["deviceName"]
    cloud.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device=device)
    return f"vai-{volume}-{instance}"


def _attached(cloud: Cloud, _id: str, inputs: Values) -> Values | None:
    volume = first(cloud.ec2.describe_volumes, "Volumes", VolumeIds=[inputs["volumeId"]]) or {}
    for attachment in volume.get("Attachments", []):
        if attachment["InstanceId"] == inputs["instanceId"]:
            return {"deviceName": attachment["Device"], "instanceId": inputs["instanceId"]}
    return None


def _detach(cloud: Cloud, id_: str, state: Values) -> None:
    if state.get("skipDestroy") or _attached(cloud, id_, state) is None:
        return
    volume, instance = state["volumeId"], state["instanceId"]
    if state.get("stopInstanceBeforeDetaching"):
        cloud.ec2.stop_instances(InstanceIds=[instance])
    cloud.ec2.detach_volume(VolumeId=volume, InstanceId=instance, Force=bool(state.get("forceDetach")))


ATTACHMENT = Kind(
    "aws:ec2/volumeAttachment:VolumeAttachment",
    {
        "deviceName": text(required=True, replaces=True),
        "instanceId": text(required=True, replaces=True),
        "volumeId": text(required=True, replaces=True),
        "forceDetach": flag(),
        "skipDestroy": flag(),
        "stopInstanceBeforeDetaching": flag(),
    },
    (),
    _attach,
    _attached,
    _detach,
    updates=dict.fromkeys(("forceDetach", "skipDestroy", "stopInstanceBeforeDetaching"), nothing),
)

KINDS = (KEY, VOLUME, ATTACHMENT)

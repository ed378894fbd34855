"""What keeps texts: buckets with their objects, and parameters."""

from __future__ import annotations

from typing import Any

from lab.aws.cloud import Cloud, listed, look, plain
from lab.aws.kind import Kind
from lab.aws.kinds.common import at_first, given, nothing
from lab.aws.shape import flag, mapping, text
from lab.aws.wire import Values


def _make_bucket(cloud: Cloud, inputs: Values) -> str:
    # Its first region has no name here, and is the one that is meant by none.
    where = {} if cloud.region == "us-east-1" else {"LocationConstraint": cloud.region}
    cloud.s3.create_bucket(Bucket=inputs["bucket"], **({"CreateBucketConfiguration": where} if where else {}))
    return str(inputs["bucket"])


def _tag_bucket(cloud: Cloud, id_: str, _before: Values, after: Values) -> None:
    if tags := cloud.tags(after):
        cloud.s3.put_bucket_tagging(Bucket=id_, Tagging={"TagSet": listed(tags)})
    else:
        cloud.s3.delete_bucket_tagging(Bucket=id_)


def _read_bucket(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    if look(cloud.s3.head_bucket, Bucket=id_) is None:
        return None
    tags = look(cloud.s3.get_bucket_tagging, Bucket=id_) or {}
    return {"arn": f"arn:aws:s3:::{id_}", "bucket": id_, "tagsAll": plain(tags.get("TagSet"))}


def _delete_bucket(cloud: Cloud, id_: str, state: Values) -> None:
    if state.get("forceDestroy"):
        for entry in (look(cloud.s3.list_objects_v2, Bucket=id_) or {}).get("Contents", []):
            cloud.s3.delete_object(Bucket=id_, Key=entry["Key"])
    look(cloud.s3.delete_bucket, Bucket=id_)


BUCKET = Kind(
    "aws:s3/bucket:Bucket",
    {"bucket": text(replaces=True), "forceDestroy": flag(default=False), "tags": mapping()},
    ("arn", "tagsAll"),
    _make_bucket,
    _read_bucket,
    _delete_bucket,
    at_first(_tag_bucket),
    {"forceDestroy": nothing, "tags": _tag_bucket},
    {"bucket": 63},
)

_SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _shut(cloud: Cloud, _id: str, _before: Values, after: Values) -> None:
    switches = {name[0].upper() + name[1:]: after[name] for name in _SWITCHES}
    cloud.s3.put_public_access_block(Bucket=after["bucket"], PublicAccessBlockConfiguration=switches)


def _make_shut(cloud: Cloud, inputs: Values) -> str:
    _shut(cloud, "", {}, inputs)
    return str(inputs["bucket"])


def _read_shut(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    found = look(cloud.s3.get_public_access_block, Bucket=id_)
    switches = (found or {}).get("PublicAccessBlockConfiguration", {})
    return found and {name: switches[name[0].upper() + name[1:]] for name in _SWITCHES}


SHUT = Kind(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    {"bucket": text(required=True, replaces=True), **{name: flag(default=False) for name in _SWITCHES}},
    (),
    _make_shut,
    _read_shut,
    lambda cloud, id_, _: look(cloud.s3.delete_public_access_block, Bucket=id_),
    updates=dict.fromkeys(_SWITCHES, _shut),
)


def _put_object(cloud: Cloud, _id: str, _before: Values, after: Values) -> None:
    cloud.s3.put_object(
        Bucket=after["bucket"],
        Key=after["key"],
        Body=after.get("content", "").encode(),
        **given(after, ServerSideEncryption="serverSideEncryption"),
    )


def _make_object(cloud: Cloud, inputs: Values) -> str:
    _put_object(cloud, "", {}, inputs)
    return f"{inputs['bucket']}/{inputs['key']}"


def _read_object(cloud: Cloud, _id: str, inputs: Values) -> Values | None:
    found = look(cloud.s3.get_object, Bucket=inputs["bucket"], Key=inputs["key"])
    return found and {
        "arn": f"arn:aws:s3:::{inputs['bucket']}/{inputs['key']}",
        "etag": found["ETag"].strip('"'),
        "content": found["Body"].read().decode(),
        "serverSideEncryption": found.get("ServerSideEncryption"),
    }


def _delete_object(cloud: Cloud, _id: str, state: Values) -> None:
    look(cloud.s3.delete_object, Bucket=state["bucket"], Key=state["key"])


OBJECT = Kind(
    "aws:s3/bucketObjectv2:BucketObjectv2",
    {
        "bucket": text(required=True, replaces=True),
        "key": text(required=True, replaces=True),
        "content": text(),
        "serverSideEncryption": text("AES256", "aws:kms"),
    },
    ("arn", "etag"),
    _make_object,
    _read_object,
    _delete_object,
    updates=dict.fromkeys(("content", "serverSideEncryption"), _put_object),
)


def _make_parameter(cloud: Cloud, inputs: Values) -> str:
    tags = cloud.tags(inputs)
    cloud.ssm.put_parameter(**_parameter(inputs), **({"Tags": listed(tags)} if tags else {}))
    return str(inputs["name"])


def _change_parameter(cloud: Cloud, _id: str, _before: Values, after: Values) -> None:
    cloud.ssm.put_parameter(**_parameter(after), Overwrite=True)


def _parameter(inputs: Values) -> dict[str, Any]:
    return {"Name": inputs["name"], **given(inputs, Value="value", Type="type", Description="description")}


def _retag_parameter(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    old, new = cloud.tags(before), cloud.tags(after)
    of: dict[str, Any] = {"ResourceType": "Parameter", "ResourceId": id_}
    if gone := sorted(set(old) - set(new)):
        cloud.ssm.remove_tags_from_resource(**of, TagKeys=gone)
    if new:
        cloud.ssm.add_tags_to_resource(**of, Tags=listed(new))


def _read_parameter(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    found = look(cloud.ssm.get_parameter, Name=id_, WithDecryption=True)
    if found is None:
        return None
    parameter = found["Parameter"]
    tags = cloud.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=id_)["TagList"]
    described = cloud.ssm.describe_parameters(Filters=[{"Key": "Name", "Values": [id_]}])["Parameters"]
    return {
        "arn": parameter["ARN"],
        "type": parameter["Type"],
        "value": parameter["Value"],
        "version": parameter["Version"],
        "description": described[0].get("Description") if described else None,
        "tagsAll": plain(tags),
    }


PARAMETER = Kind(
    "aws:ssm/parameter:Parameter",
    {
        "name": text(replaces=True),
        "type": text("String", "StringList", "SecureString", required=True),
        "value": text(),
        "description": text(),
        "tags": mapping(),
    },
    ("arn", "version", "tagsAll"),
    _make_parameter,
    _read_parameter,
    lambda cloud, id_, _: look(cloud.ssm.delete_parameter, Name=id_),
    updates=dict.fromkeys(("type", "value", "description"), _change_parameter) | {"tags": _retag_parameter},
    named={"name": 255},
)

KINDS = (BUCKET, SHUT, OBJECT, PARAMETER)

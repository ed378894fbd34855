"""Names of DNS."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from lab.aws.cloud import Cloud, listed, look, plain
from lab.aws.kind import Kind
from lab.aws.kinds.common import nothing
from lab.aws.shape import blocks, flag, mapping, number, text, texts
from lab.aws.wire import Values


def _vpcs(inputs: Values, region: str) -> list[dict[str, str]]:
    return [{"VPCId": vpc["vpcId"], "VPCRegion": vpc.get("vpcRegion", region)} for vpc in inputs.get("vpcs", [])]


def _make_zone(cloud: Cloud, inputs: Values) -> str:
    vpcs = _vpcs(inputs, cloud.region)
    made = cloud.route53.create_hosted_zone(
        Name=inputs["name"],
        CallerReference=uuid.uuid4().hex,
        HostedZoneConfig={"Comment": inputs["comment"], "PrivateZone": bool(vpcs)},
        **({"VPC": vpcs[0]} if vpcs else {}),
    )
    return str(made["HostedZone"]["Id"]).rpartition("/")[2]


def _settle_zone(cloud: Cloud, id_: str, inputs: Values) -> None:
    for vpc in _vpcs(inputs, cloud.region)[1:]:
        cloud.route53.associate_vpc_with_hosted_zone(HostedZoneId=id_, VPC=vpc)
    if cloud.tags(inputs):
        _retag(cloud, id_, {}, inputs)


def _retag(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    old, new = cloud.tags(before), cloud.tags(after)
    gone = sorted(set(old) - set(new))
    cloud.route53.change_tags_for_resource(
        ResourceType="hostedzone",
        ResourceId=id_,
        **({"AddTags": listed(new)} if new else {}),
        **({"RemoveTagKeys": gone} if gone else {}),
    )


def _change_vpcs(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    old, new = _vpcs(before, cloud.region), _vpcs(after, cloud.region)
    for vpc in new:
        if vpc not in old:
            cloud.route53.associate_vpc_with_hosted_zone(HostedZoneId=id_, VPC=vpc)
    for vpc in old:
        if vpc not in new:
            cloud.route53.disassociate_vpc_from_hosted_zone(HostedZoneId=id_, VPC=vpc)


def _read_zone(cloud: Cloud, id_: str, inputs: Values) -> Values | None:
    answer = look(cloud.route53.get_hosted_zone, Id=id_)
    if answer is None:
        return None
    servers = sorted(answer.get("DelegationSet", {}).get("NameServers", []))
    tags = cloud.route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=id_)
    found = {
        "arn": f"arn:aws:route53:::hostedzone/{id_}",
        "zoneId": id_,
        "name": answer["HostedZone"]["Name"].rstrip("."),
        "comment": answer["HostedZone"].get("Config", {}).get("Comment"),
        "nameServers": servers,
        "primaryNameServer": servers[0] if servers else "",
        "tagsAll": plain(tags["ResourceTagSet"]["Tags"]),
    }
    seen = {vpc["VPCId"] for vpc in answer.get("VPCs", [])}
    if "vpcs" in inputs:
        found["vpcs"] = [vpc for vpc in inputs["vpcs"] if vpc["vpcId"] in seen]
    return found


def _delete_zone(cloud: Cloud, id_: str, state: Values) -> None:
    if state.get("forceDestroy"):
        for record in _records(cloud, id_):
            if record["Type"] not in ("NS", "SOA"):
                _change(cloud, id_, "DELETE", record)
    look(cloud.route53.delete_hosted_zone, Id=id_)


ZONE = Kind(
    "aws:route53/zone:Zone",
    {
        "name": text(replaces=True, required=True),
        "comment": text(replaces=True, default="Managed by Pulumi"),
        "vpcs": blocks({"vpcId": text(required=True), "vpcRegion": text()}),
        "forceDestroy": flag(default=False),
        "tags": mapping(),
    },
    ("arn", "zoneId", "nameServers", "primaryNameServer", "tagsAll"),
    _make_zone,
    _read_zone,
    _delete_zone,
    _settle_zone,
    {"vpcs": _change_vpcs, "forceDestroy": nothing, "tags": _retag},
)


def _records(cloud: Cloud, zone: str) -> list[Any]:
    pages = look(lambda: list(cloud.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)))
    return [record for page in pages or [] for record in page["ResourceRecordSets"]]


def _change(cloud: Cloud, zone: str, action: str, record: Any) -> None:
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    cloud.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def _full_name(cloud: Cloud, inputs: Values) -> str:
    """Return the whole name of a record: what is given may be without its zone's."""
    zone = str(cloud.route53.get_hosted_zone(Id=inputs["zoneId"])["HostedZone"]["Name"]).rstrip(".")
    name = str(inputs["name"]).rstrip(".")
    return name if name == zone or name.endswith(f".{zone}") else f"{name}.{zone}" if name else zone


def _record(cloud: Cloud, inputs: Values) -> dict[str, Any]:
    record: dict[str, Any] = {"Name": _full_name(cloud, inputs), "Type": inputs["type"]}
    if "records" in inputs:
        record |= {"TTL": inputs["ttl"], "ResourceRecords": [{"Value": value} for value in inputs["records"]]}
    for alias in inputs.get("aliases", []):
        record["AliasTarget"] = {
            "DNSName": alias["name"],
            "HostedZoneId": alias["zoneId"],
            "EvaluateTargetHealth": alias["evaluateTargetHealth"],
        }
    return record


def _make_record(cloud: Cloud, inputs: Values) -> str:
    action = "UPSERT" if inputs.get("allowOverwrite") else "CREATE"
    _change(cloud, inputs["zoneId"], action, _record(cloud, inputs))
    return f"{inputs['zoneId']}_{inputs['name']}_{inputs['type']}"


def _change_record(cloud: Cloud, _id: str, _before: Values, after: Values) -> None:
    _change(cloud, after["zoneId"], "UPSERT", _record(cloud, after))


def _found(cloud: Cloud, inputs: Values) -> Any:
    if look(cloud.route53.get_hosted_zone, Id=inputs["zoneId"]) is None:
        return None
    name = _full_name(cloud, inputs)
    for record in _records(cloud, inputs["zoneId"]):
        if record["Name"].rstrip(".") == name and record["Type"] == inputs["type"]:
            return record
    return None


def _read_record(cloud: Cloud, _id: str, inputs: Values) -> Values | None:
    record = _found(cloud, inputs)
    if record is None:
        return None
    found: Values = {"fqdn": record["Name"].rstrip("."), "ttl": record.get("TTL") if "ttl" in inputs else None}
    if "records" in inputs:
        found["records"] = [entry["Value"] for entry in record.get("ResourceRecords", [])]
    return found


def _delete_record(cloud: Cloud, _id: str, state: Values) -> None:
    record = _found(cloud, state)
    if record is not None:
        _change(cloud, state["zoneId"], "DELETE", record)


def _alias_or_records(inputs: Values) -> Iterator[tuple[str, str]]:
    if ("records" in inputs) == ("aliases" in inputs):
        yield "records", "a record has either records or an alias"
    if ("records" in inputs) != ("ttl" in inputs):
        yield "ttl", "belongs to records, and an alias has none"


_ALIAS = {"name": text(required=True), "zoneId": text(required=True), "evaluateTargetHealth": flag(default=False)}
RECORD = Kind(
    "aws:route53/record:Record",
    {
        "zoneId": text(required=True, replaces=True),
        "name": text(required=True, replaces=True),
        "type": text("A", "AAAA", "CNAME", "TXT", required=True, replaces=True),
        "ttl": number(),
        "records": texts(),
        "aliases": blocks(_ALIAS),
        "allowOverwrite": flag(),
    },
    ("fqdn",),
    _make_record,
    _read_record,
    _delete_record,
    updates=dict.fromkeys(("ttl", "records", "aliases"), _change_record) | {"allowOverwrite": nothing},
    rules=_alias_or_records,
)

KINDS = (ZONE, RECORD)

"""What a program can ask AWS without making anything: the functions that the program's checks use."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab.aws.cloud import Cloud, look, plain
from lab.aws.kinds.common import first, given
from lab.aws.kinds.vpc import read_subnet, read_vpc
from lab.aws.shape import Shape, blocks, flag, mapping, text, texts
from lab.aws.wire import Values


class AwsLookupError(Exception):
    """What was asked for is not there, or not one."""


@dataclass(frozen=True)
class Lookup:
    """One function: its arguments, and what answers it."""

    arguments: dict[str, Shape]
    answer: Callable[[Cloud, Values], Values]


_FILTERS = blocks({"name": text(required=True), "values": texts(required=True)})


def _filters(arguments: Values, **names: str) -> list[dict[str, Any]]:
    """Return what EC2 is to look for: the filters that are given, and arguments that are filters under another name."""
    found = [{"Name": entry["name"], "Values": entry["values"]} for entry in arguments.get("filters", [])]
    found += [{"Name": name, "Values": [str(arguments[key])]} for key, name in names.items() if key in arguments]
    return found + [{"Name": f"tag:{name}", "Values": [value]} for name, value in arguments.get("tags", {}).items()]


def _region(cloud: Cloud, _arguments: Values) -> Values:
    known = cloud.ec2.describe_regions(RegionNames=[cloud.region])["Regions"][0]
    return {
        "region": known["RegionName"],
        "name": known["RegionName"],
        "endpoint": known["Endpoint"],
        "description": "",
    }


def _zones(cloud: Cloud, arguments: Values) -> Values:
    asked = _filters(arguments, state="state")
    zones = cloud.ec2.describe_availability_zones(**({"Filters": asked} if asked else {}))["AvailabilityZones"]
    zones = sorted(zones, key=lambda zone: str(zone["ZoneName"]))
    zones = [zone for zone in zones if zone["ZoneName"] not in arguments.get("excludeNames", [])]
    return {
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName", cloud.region) for zone in zones}),
    }


def _image(cloud: Cloud, arguments: Values) -> Values:
    asked = _filters(arguments)
    images = cloud.ec2.describe_images(
        **({"Filters": asked} if asked else {}),
        **given(arguments, Owners="owners", IncludeDeprecated="includeDeprecated"),
    )["Images"]
    if "nameRegex" in arguments:
        images = [image for image in images if re.search(arguments["nameRegex"], image.get("Name", ""))]
    if not images:
        raise AwsLookupError("Your query returned no results. Please change your search criteria and try again.")
    if len(images) > 1 and not arguments.get("mostRecent"):
        raise AwsLookupError("Your query returned more than one result: be more specific, or set mostRecent.")
    image = max(images, key=lambda one: str(one.get("CreationDate", "")))
    return {
        "id": image["ImageId"],
        "imageId": image["ImageId"],
        "arn": f"arn:aws:ec2:{cloud.region}::image/{image['ImageId']}",
        "name": image.get("Name"),
        "description": image.get("Description", ""),
        "architecture": image.get("Architecture"),
        "creationDate": image.get("CreationDate"),
        "ownerId": image.get("OwnerId"),
        "rootDeviceName": image.get("RootDeviceName"),
        "rootDeviceType": image.get("RootDeviceType"),
        "state": image.get("State"),
        "virtualizationType": image.get("VirtualizationType"),
        "public": image.get("Public", False),
        "tags": plain(image.get("Tags")),
    }


def _one(cloud: Cloud, arguments: Values, what: str, names: dict[str, str]) -> Any:
    call = getattr(cloud.ec2, f"describe_{what.lower()}s")
    id_ = {f"{what}Ids": [arguments["id"]]} if "id" in arguments else {}
    asked = _filters(arguments, **names)
    found = (look(call, **id_, **({"Filters": asked} if asked else {})) or {}).get(f"{what}s", [])
    if not found:
        raise AwsLookupError(f"no matching EC2 {what.upper() if what == 'Vpc' else what} found")
    if len(found) > 1:
        raise AwsLookupError(f"multiple EC2 {what}s matched; use additional constraints")
    return found[0]


def _vpc(cloud: Cloud, arguments: Values) -> Values:
    found = _one(cloud, arguments, "Vpc", {"cidrBlock": "cidr", "state": "state", "default": "is-default"})
    values = read_vpc(cloud, found["VpcId"], {}) or {}
    blocks_ = [
        {"cidrBlock": entry["CidrBlock"], "associationId": entry["AssociationId"]}
        for entry in found.get("CidrBlockAssociationSet", [])
    ]
    known = {"id": found["VpcId"], "default": found.get("IsDefault", False), "state": found["State"]}
    return values | known | {"cidrBlockAssociations": blocks_, "tags": plain(found.get("Tags"))}


def _subnet(cloud: Cloud, arguments: Values) -> Values:
    names = {"vpcId": "vpc-id", "cidrBlock": "cidrBlock", "availabilityZone": "availabilityZone", "state": "state"}
    found = _one(cloud, arguments, "Subnet", names)
    values = read_subnet(cloud, found["SubnetId"], {}) or {}
    free = found.get("AvailableIpAddressCount", 0)
    known = {"id": found["SubnetId"], "state": found["State"], "availableIpAddressCount": free}
    return values | known | {"tags": plain(found.get("Tags"))}


def _ids(what: str) -> Callable[[Cloud, Values], Values]:
    """Return what answers with the ids of all things of a kind that fit: of none where none do, as the real plugin."""

    def answer(cloud: Cloud, arguments: Values) -> Values:
        asked = _filters(arguments)
        pages = cloud.ec2.get_paginator(f"describe_{what.lower()}s").paginate(**({"Filters": asked} if asked else {}))
        return {"ids": [found[f"{what}Id"] for page in pages for found in page[f"{what}s"]]}

    return answer


def _type(cloud: Cloud, arguments: Values) -> Values:
    found = first(cloud.ec2.describe_instance_types, "InstanceTypes", InstanceTypes=[arguments["instanceType"]])
    if found is None:
        raise AwsLookupError(f"no matching EC2 Instance Type found: {arguments['instanceType']}")
    gpus = found.get("GpuInfo", {}).get("Gpus", [])
    return {
        "id": found["InstanceType"],
        "instanceType": found["InstanceType"],
        "defaultVcpus": found["VCpuInfo"]["DefaultVCpus"],
        "memorySize": found["MemoryInfo"]["SizeInMiB"],
        "supportedArchitectures": found["ProcessorInfo"]["SupportedArchitectures"],
        "currentGeneration": found.get("CurrentGeneration"),
        "bareMetal": found.get("BareMetal"),
        "burstablePerformanceSupported": found.get("BurstablePerformanceSupported"),
        "hypervisor": found.get("Hypervisor", ""),
        "gpuses": [
            {
                "count": gpu["Count"],
                "manufacturer": gpu["Manufacturer"],
                "name": gpu["Name"],
                "memorySize": gpu["MemoryInfo"]["SizeInMiB"],
            }
            for gpu in gpus
        ],
    }


def _offerings(cloud: Cloud, arguments: Values) -> Values:
    asked = _filters(arguments)
    pages = cloud.ec2.get_paginator("describe_instance_type_offerings").paginate(
        **({"Filters": asked} if asked else {}), **given(arguments, LocationType="locationType")
    )
    found = [offer for page in pages for offer in page["InstanceTypeOfferings"]]
    return {
        "instanceTypes": [offer["InstanceType"] for offer in found],
        "locations": [offer["Location"] for offer in found],
        "locationTypes": [offer["LocationType"] for offer in found],
    }


def _key(cloud: Cloud, arguments: Values) -> Values:
    known = cloud.client("kms").describe_key(KeyId=arguments["keyId"])["KeyMetadata"]
    return {
        "id": known["KeyId"],
        "arn": known["Arn"],
        "awsAccountId": known["AWSAccountId"],
        "enabled": known["Enabled"],
        "keyManager": known["KeyManager"],
        "keySpec": known["KeySpec"],
        "keyState": known["KeyState"],
        "keyUsage": known["KeyUsage"],
    }


def _caller(cloud: Cloud, _arguments: Values) -> Values:
    answer = cloud.client("sts").get_caller_identity()
    return {"accountId": answer["Account"], "arn": answer["Arn"], "userId": answer["UserId"]}


_CHOICE = {"filters": _FILTERS, "tags": mapping(), "state": text(), "id": text()}
LOOKUPS: dict[str, Lookup] = {
    "aws:index/getRegion:getRegion": Lookup({}, _region),
    "aws:index/getCallerIdentity:getCallerIdentity": Lookup({}, _caller),
    "aws:index/getAvailabilityZones:getAvailabilityZones": Lookup(
        {"state": text(), "filters": _FILTERS, "excludeNames": texts()}, _zones
    ),
    "aws:ec2/getAmi:getAmi": Lookup(
        {
            "filters": _FILTERS,
            "owners": texts(),
            "mostRecent": flag(),
            "nameRegex": text(),
            "includeDeprecated": flag(),
        },
        _image,
    ),
    "aws:ec2/getVpc:getVpc": Lookup({**_CHOICE, "cidrBlock": text(), "default": flag()}, _vpc),
    "aws:ec2/getVpcs:getVpcs": Lookup({"filters": _FILTERS, "tags": mapping()}, _ids("Vpc")),
    "aws:ec2/getSubnets:getSubnets": Lookup({"filters": _FILTERS, "tags": mapping()}, _ids("Subnet")),
    "aws:ec2/getSubnet:getSubnet": Lookup(
        {**_CHOICE, "cidrBlock": text(), "vpcId": text(), "availabilityZone": text()}, _subnet
    ),
    "aws:kms/getKey:getKey": Lookup({"keyId": text(required=True)}, _key),
    "aws:ec2/getInstanceType:getInstanceType": Lookup({"instanceType": text(required=True)}, _type),
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": Lookup(
        {"filters": _FILTERS, "locationType": text()}, _offerings
    ),
}

"""An account in AWS as the tests' monitor answers for it: what it has, and what is said of what is made."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
#: CPUs, memory in MiB and architecture of types that there are.
TYPES = {
    "t3.nano": (2, 512, "x86_64"),
    "t3.micro": (2, 1024, "x86_64"),
    "t3.small": (2, 2048, "x86_64"),
    "t3.medium": (2, 4096, "x86_64"),
    "t4g.medium": (2, 4096, "arm64"),
    "m6i.large": (2, 8192, "x86_64"),
    "m6i.xlarge": (4, 16384, "x86_64"),
    "g5.xlarge": (4, 16384, "x86_64"),
    "g4dn.xlarge": (4, 16384, "x86_64"),
}
#: Types that are not in every zone.
SOMEWHERE = {"g4dn.xlarge": ["eu-central-1a", "eu-central-1b"]}
VPCS = {
    "vpc-0a1b2c3d4e5f60718": {"cidrBlock": "10.0.0.0/16", "enableDnsSupport": True, "enableDnsHostnames": True},
    "vpc-0aaaaaaaaaaaaaaaa": {"cidrBlock": "10.0.0.0/16", "enableDnsSupport": True, "enableDnsHostnames": True},
    "vpc-0bbbbbbbbbbbbbbbb": {"cidrBlock": "10.0.0.0/16", "enableDnsSupport": True, "enableDnsHostnames": False},
}
SUBNETS = {
    f"subnet-0{kind * 15}{zone[-1]}": {
        "vpcId": "vpc-0aaaaaaaaaaaaaaaa",
        "availabilityZone": zone,
        "cidrBlock": f"10.0.{first + number}.0/24",
    }
    for kind, first in (("a", 1), ("b", 101))
    for number, zone in enumerate(ZONES)
}
SUBNETS |= {
    f"subnet-0a1b2c3d4e5f6071{number}": {
        "vpcId": "vpc-0a1b2c3d4e5f60718",
        "availabilityZone": zone,
        "cidrBlock": f"10.0.{number}.0/24",
    }
    for number, zone in enumerate(ZONES, start=1)
}
SUBNETS["subnet-0cccccccccccccccc"] = {
    "vpcId": "vpc-0bbbbbbbbbbbbbbbb",
    "availabilityZone": "eu-central-1c",
    "cidrBlock": "10.0.9.0/24",
}
#: Tags as the owner of a network gives them: subnets by what they are for and where, two of them by mistake.
TAGS = {
    "vpc-0aaaaaaaaaaaaaaaa": {"Name": "prod"},
    "vpc-0bbbbbbbbbbbbbbbb": {"Name": "twice"},
    "vpc-0a1b2c3d4e5f60718": {"Name": "twice"},
    **{f"subnet-0{'a' * 15}{zone[-1]}": {"Tier": "private", "Name": f"private-{zone[-1]}"} for zone in ZONES},
    **{f"subnet-0{'b' * 15}{zone[-1]}": {"Tier": "public", "Name": f"public-{zone[-1]}"} for zone in ZONES},
    "subnet-0a1b2c3d4e5f60711": {"Name": "elsewhere"},
    "subnet-0cccccccccccccccc": {"Name": "private-c"},
    "subnet-0ddddddddddddddda": {"Tier": "private", "Name": "spare"},
}
SUBNETS["subnet-0ddddddddddddddda"] = {**SUBNETS["subnet-0aaaaaaaaaaaaaaaa"], "cidrBlock": "10.0.31.0/24"}


#: State and sort of keys, by the end of their names.
KEYS = {
    "alias/volumes": ("Enabled", "SYMMETRIC_DEFAULT"),
    "key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9": ("Enabled", "SYMMETRIC_DEFAULT"),
    "alias/old": ("PendingDeletion", "SYMMETRIC_DEFAULT"),
    "alias/signing": ("Enabled", "RSA_2048"),
}


class NotThereError(Exception):
    """The account has no such thing, or does not say so."""


def public_half(name: str) -> str:
    """Return something that looks like the public key of a name."""
    return base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + hashlib.sha256(name.encode()).digest()).decode()


def answer(token: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what the account says to a question. Raises NotThereError where there is no such thing."""
    match token.rpartition(":")[2]:
        case "getAvailabilityZones":
            return {"names": ZONES, "id": "x", "zoneIds": [], "groupNames": [], "region": "eu-central-1"}
        case "getInstanceTypeOfferings":
            named = [n for f in given["filters"] if f["name"] == "instance-type" for n in f["values"] if n in TYPES]
            pairs = [(n, zone) for n in named for zone in SOMEWHERE.get(n, ZONES)]
            return {
                "instanceTypes": [n for n, _ in pairs],
                "locations": [zone for _, zone in pairs],
                "locationTypes": ["availability-zone" for _ in pairs],
                "id": "x",
                "region": "eu-central-1",
            }
        case "getInstanceType":
            cpus, memory, architecture = TYPES[given["instanceType"]]
            return {
                "instanceType": given["instanceType"],
                "defaultVcpus": cpus,
                "memorySize": memory,
                "supportedArchitectures": [architecture],
            }
        case "getAmi":
            wanted = {f["name"]: f["values"][0] for f in given["filters"]}
            text = wanted.get("image-id") or f"{given['owners'][0]} {wanted['name']}"
            if wanted.get("image-id") and wanted["architecture"] != "x86_64":
                raise NotThereError("Your query returned no results. Please change your search criteria.")
            known = wanted.get("image-id") or f"ami-0{hashlib.sha256(text.encode()).hexdigest()[:16]}"
            kept = {"id": known, "imageId": known, "architecture": wanted["architecture"]}
            return {**kept, "rootDeviceName": "/dev/xvda"}
        case "getVpc":
            found = _found(VPCS, given["id"])
            return {"id": given["id"], **found, "cidrBlockAssociations": [{"cidrBlock": found["cidrBlock"]}]}
        case "getVpcs":
            return {"ids": _tagged(VPCS, given)}
        case "getSubnets":
            return {"ids": _tagged(SUBNETS, given)}
        case "getKey":
            return _key(given["keyId"])
        case "getSubnet":
            return {"id": given["id"], **_found(SUBNETS, given["id"])}
    raise AssertionError(f"{token} is a new question: say here what AWS answers")


def _key(named: str) -> dict[str, Any]:
    """Return a key by its alias or its ARN; what it answers has the ARN of the key."""
    state, spec = _found(KEYS, named.rpartition(":")[2])
    arn = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
    return {"id": arn.rpartition("/")[2], "arn": arn, "keyState": state, "keySpec": spec}


def _tagged(things: dict[str, Any], given: dict[str, Any]) -> list[str]:
    """Return what has all of some tags, and fits the filters; in an order that says nothing."""
    names = {"vpc-id": "vpcId", "availability-zone": "availabilityZone"}
    found = {id_ for id_ in things if given["tags"].items() <= TAGS.get(id_, {}).items()}
    for each in given.get("filters", []):
        found = {id_ for id_ in found if things[id_][names[each["name"]]] in each["values"]}
    return sorted(found, reverse=True)


def _found(things: dict[str, Any], name: str) -> dict[str, Any]:
    if name not in things:
        raise NotThereError(f"no matching EC2 VPC found: {name}")
    found: dict[str, Any] = things[name]
    return found


def outputs(kind: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return what AWS adds to what is made."""
    arn = f"arn:aws:test:eu-central-1:123456789012:{kind.rpartition(':')[2]}/{name}"
    number = int(hashlib.sha256(name.encode()).hexdigest()[:2], 16)
    match kind.rpartition(":")[2]:
        case "Instance":
            return {"arn": arn, "publicIp": f"203.0.113.{number}", "privateIp": inputs.get("privateIp", "")}
        case "Eip":
            return {"arn": arn, "publicIp": f"198.51.100.{number}", "allocationId": f"eipalloc-{name}"}
        case "LoadBalancer":
            return {"arn": arn, "dnsName": f"{name}.elb.eu-central-1.amazonaws.com", "zoneId": "ZNLB"}
        case "Zone":
            return {"arn": arn, "zoneId": f"Z{name}"}
        case "KeyPair":
            return {"arn": arn, "keyName": name}
        case "Role" | "InstanceProfile":
            return {"arn": arn, "name": name}
        case "LaunchTemplate":
            return {"arn": arn, "latestVersion": 1}
        case "Bucket":
            return {"arn": f"arn:aws:s3:::{name}", "bucket": name}
    return {"arn": arn}

"""Which way packets go."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from lab.aws.cloud import Cloud, look, plain
from lab.aws.kind import Kind
from lab.aws.kinds.common import first, given, retag, where
from lab.aws.shape import mapping, text
from lab.aws.wire import Values


def _make_table(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.create_route_table(
        VpcId=inputs["vpcId"], TagSpecifications=cloud.specification("route-table", inputs)
    )
    return str(made["RouteTable"]["RouteTableId"])


def _read_table(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    table = first(cloud.ec2.describe_route_tables, "RouteTables", RouteTableIds=[id_])
    return table and {
        "arn": cloud.arn(f"route-table/{id_}"),
        "vpcId": table["VpcId"],
        "ownerId": table.get("OwnerId", cloud.account),
        "tagsAll": plain(table.get("Tags")),
    }


TABLE = Kind(
    "aws:ec2/routeTable:RouteTable",
    {"vpcId": text(required=True, replaces=True), "tags": mapping()},
    ("arn", "ownerId", "tagsAll"),
    _make_table,
    _read_table,
    lambda cloud, id_, _: look(cloud.ec2.delete_route_table, RouteTableId=id_),
    updates={"tags": retag},
)


def _destination(inputs: Values) -> dict[str, Any]:
    return given(
        inputs, DestinationCidrBlock="destinationCidrBlock", DestinationIpv6CidrBlock="destinationIpv6CidrBlock"
    )


def _target(inputs: Values) -> dict[str, Any]:
    return given(inputs, GatewayId="gatewayId", NatGatewayId="natGatewayId", NetworkInterfaceId="networkInterfaceId")


def _one_of_each(inputs: Values) -> Iterator[tuple[str, str]]:
    if len(_destination(inputs)) != 1:
        yield "destinationCidrBlock", "a route has one destination"
    if len(_target(inputs)) != 1:
        yield "gatewayId", "a route has one way: gatewayId, natGatewayId or networkInterfaceId"


def _make_route(cloud: Cloud, inputs: Values) -> str:
    destination = _destination(inputs)
    cloud.ec2.create_route(RouteTableId=inputs["routeTableId"], **destination, **_target(inputs))
    return f"r-{inputs['routeTableId']}{zlib.crc32(next(iter(destination.values())).encode())}"


def _change_route(cloud: Cloud, _id: str, _before: Values, after: Values) -> None:
    cloud.ec2.replace_route(RouteTableId=after["routeTableId"], **_destination(after), **_target(after))


def _read_route(cloud: Cloud, _id: str, inputs: Values) -> Values | None:
    table = first(cloud.ec2.describe_route_tables, "RouteTables", RouteTableIds=[inputs["routeTableId"]])
    destination = _destination(inputs).items()
    for route in table["Routes"] if table else []:
        if destination <= route.items():
            names = {
                "gatewayId": "GatewayId",
                "natGatewayId": "NatGatewayId",
                "networkInterfaceId": "NetworkInterfaceId",
            }
            ways = {name: route.get(key) for name, key in names.items()}
            return ways | {"origin": route.get("Origin"), "state": route.get("State")}
    return None


ROUTE = Kind(
    "aws:ec2/route:Route",
    {
        "routeTableId": text(required=True, replaces=True),
        "destinationCidrBlock": text(replaces=True),
        "destinationIpv6CidrBlock": text(replaces=True),
        "gatewayId": text(),
        "natGatewayId": text(),
        "networkInterfaceId": text(),
    },
    ("origin", "state"),
    _make_route,
    _read_route,
    lambda cloud, _, state: look(cloud.ec2.delete_route, RouteTableId=state["routeTableId"], **_destination(state)),
    updates=dict.fromkeys(("gatewayId", "natGatewayId", "networkInterfaceId"), _change_route),
    rules=_one_of_each,
)


def _make_association(cloud: Cloud, inputs: Values) -> str:
    made = cloud.ec2.associate_route_table(RouteTableId=inputs["routeTableId"], SubnetId=inputs["subnetId"])
    return str(made["AssociationId"])


def _association(cloud: Cloud, subnet: str) -> Any:
    """Return the table's association with a subnet: to give it another table gives it another id, too."""
    filters = where(**{"association.subnet_id": subnet})
    table = first(cloud.ec2.describe_route_tables, "RouteTables", Filters=filters) or {}
    return next((entry for entry in table.get("Associations", []) if entry.get("SubnetId") == subnet), None)


def _change_association(cloud: Cloud, _id: str, _before: Values, after: Values) -> None:
    now = _association(cloud, after["subnetId"])["RouteTableAssociationId"]
    cloud.ec2.replace_route_table_association(AssociationId=now, RouteTableId=after["routeTableId"])


def _read_association(cloud: Cloud, _id: str, inputs: Values) -> Values | None:
    found = _association(cloud, inputs["subnetId"])
    return found and {"subnetId": found["SubnetId"], "routeTableId": found["RouteTableId"]}


def _delete_association(cloud: Cloud, _id: str, state: Values) -> None:
    if found := _association(cloud, state["subnetId"]):
        look(cloud.ec2.disassociate_route_table, AssociationId=found["RouteTableAssociationId"])


ASSOCIATION = Kind(
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    {"routeTableId": text(required=True), "subnetId": text(required=True, replaces=True)},
    (),
    _make_association,
    _read_association,
    _delete_association,
    updates={"routeTableId": _change_association},
)

KINDS = (TABLE, ROUTE, ASSOCIATION)

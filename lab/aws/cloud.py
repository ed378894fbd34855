"""The AWS API, as boto3 reaches it: AWS_ENDPOINT_URL and the credentials of the environment."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from lab.aws.wire import Values


class Cloud:
    """The clients of one region, each made when it is first asked for."""

    def __init__(self, region: str | None, profile: str | None = None, tags: Mapping[str, str] | None = None) -> None:
        # Here, and not above: to load it takes as long as all else, and a check of inputs needs none of it.
        import boto3

        # The real plugin reads both variables, boto3 only AWS_DEFAULT_REGION.
        region = region or os.environ.get("AWS_REGION") or None
        self._session = boto3.Session(region_name=region, profile_name=profile)
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self.default_tags = dict(tags or {})

    @property
    def region(self) -> str:
        """The region that is worked in."""
        return str(self._session.region_name)

    def client(self, service: str) -> Any:
        """Return the client of a service; a session makes one at a time."""
        from botocore.config import Config

        with self._lock:
            if service not in self._clients:
                config = Config(retries={"mode": "standard", "total_max_attempts": 5}, max_pool_connections=32)
                self._clients[service] = self._session.client(service, config=config)
            return self._clients[service]

    @property
    def ec2(self) -> Any:
        """Machines and their network."""
        return self.client("ec2")

    @property
    def elb(self) -> Any:
        """Load balancers."""
        return self.client("elbv2")

    @property
    def route53(self) -> Any:
        """Names."""
        return self.client("route53")

    @property
    def iam(self) -> Any:
        """Who may do what."""
        return self.client("iam")

    @property
    def autoscaling(self) -> Any:
        """Machines that come and go."""
        return self.client("autoscaling")

    @property
    def s3(self) -> Any:
        """Objects."""
        return self.client("s3")

    @property
    def ssm(self) -> Any:
        """Parameters."""
        return self.client("ssm")

    @functools.cached_property
    def account(self) -> str:
        """The number of the account."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def arn(self, what: str) -> str:
        """Return the name by which AWS knows a thing of EC2, such as vpc/vpc-1."""
        return f"arn:aws:ec2:{self.region}:{self.account}:{what}"

    def tags(self, inputs: Values) -> dict[str, str]:
        """Return the tags of a resource: those of the provider and its own."""
        return {**self.default_tags, **inputs.get("tags", {})}

    def specification(self, kind: str, inputs: Values) -> list[dict[str, Any]]:
        """Return the tags of a resource as calls that make one take them."""
        tags = self.tags(inputs)
        return [{"ResourceType": kind, "Tags": listed(tags)}] if tags else []


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as the API takes them."""
    return [{"Key": name, "Value": value} for name, value in sorted(tags.items())]


def plain(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """Return tags as a program gives them, without those that AWS itself sets."""
    return {tag["Key"]: tag["Value"] for tag in tags or [] if not tag["Key"].startswith("aws:")}


def look(call: Callable[..., Any], **arguments: Any) -> Any:
    """Return what a call answers, or None where it says that what it asks for is not there."""
    try:
        return call(**arguments)
    except Exception as error:
        if _is_missing(error):
            return None
        raise


def _is_missing(error: Exception) -> bool:
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    return any(word in code for word in ("NotFound", "NoSuch", "InvalidAssociationID", "InvalidTarget", "404"))


def said(error: Exception) -> str:
    """Return an error in one line; one of the API with its code and the call."""
    answer = getattr(error, "response", {}).get("Error", {})
    if not answer:
        return str(error) or type(error).__name__
    return f"{getattr(error, 'operation_name', '?')}: {answer.get('Code')}: {answer.get('Message', '')}"

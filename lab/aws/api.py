"""Something that answers as AWS: moto, with the images of the systems that the program knows.

`python -m lab.aws.api HOST PORT`; what was made is gone when it ends.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

#: Images as their owners publish them; moto's own list has none that is of use.
IMAGES = Path(__file__).with_name("images.json")


def mend() -> None:
    """Do as AWS does in places where moto does not.

    A network card that is made with a machine ends with it, so that the next one can have its address; and the groups
    that it is made with are the machine's. Addresses that somebody reserves are none of loopback's. The ids of hosted
    zones begin with a Z.
    """
    from moto.ec2 import utils
    from moto.ec2.models import elastic_ip_addresses, instances
    from moto.route53 import models as names

    machine: Any = instances.Instance
    prepare = machine.prep_nics

    def prepared(self: Any, *given: Any, **named: Any) -> None:
        prepare(self, *given, **named)
        for card in self.nics.values():
            card.delete_on_termination = True
            self.security_groups += [group for group in card.group_set if group not in self.security_groups]

    machine.prep_nics = prepared
    reserved: Any = elastic_ip_addresses
    reserved.random_ip = utils.random_public_ip
    hosted: Any = names
    number = hosted.create_route53_zone_id
    hosted.create_route53_zone_id = lambda *given, **named: f"Z{number(*given, **named)}"


def mend_groups() -> None:
    """Do the same for machines that come and go.

    Every version of a template has its user data. A group that is given another template replaces its machines when it
    is told to, here at once, and takes word of those that join and leave.
    """
    from moto.autoscaling import responses
    from moto.core.responses import ActionResult, EmptyResult
    from moto.ec2.models import launch_templates
    from moto.ec2.utils import parse_user_data

    template: Any = launch_templates.LaunchTemplate
    version = template.create_version

    def versioned(self: Any, data: dict[str, Any], description: str) -> Any:
        told = data.get("UserData")  # of the first version it is read already
        return version(self, {**data, "UserData": parse_user_data(told) if type(told) is str else told}, description)

    template.create_version = versioned
    group: Any = responses.AutoScalingResponse

    def replaced(self: Any) -> ActionResult:
        name = self._get_param("AutoScalingGroupName")
        for known in self.autoscaling_backend.describe_auto_scaling_groups([name]):
            for state in list(known.instance_states):
                self.autoscaling_backend.terminate_instance(state.instance.id, should_decrement=False)
        return ActionResult({"InstanceRefreshId": "refresh"})

    group.start_instance_refresh = replaced
    group.complete_lifecycle_action = lambda _: EmptyResult()


def main() -> None:
    """Serve till this process is ended."""
    os.environ |= {"MOTO_AMIS_PATH": str(IMAGES), "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    from moto import server  # reads the environment when it is loaded

    mend()
    mend_groups()
    server.main(["-H", sys.argv[1], "-p", sys.argv[2]])


if __name__ == "__main__":
    main()

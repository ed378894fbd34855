"""Something that answers as AWS: moto, with the images of the systems that the program knows.

`python -m lab.aws.api HOST PORT`; what was made is gone when it ends. With `--machines` somebody makes the machines
run.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from lab.aws.groups import hold_machines, mend_groups

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


def main() -> None:
    """Serve till this process is ended."""
    os.environ |= {"MOTO_AMIS_PATH": str(IMAGES), "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    from moto import server  # reads the environment when it is loaded

    mend()
    mend_groups()
    if "--machines" in sys.argv[3:]:
        hold_machines()
    server.main(["-H", sys.argv[1], "-p", sys.argv[2]])


if __name__ == "__main__":
    main()

"""Something that answers as AWS: moto, with the images of the systems that the program knows.

`python -m lab.aws.api HOST PORT`; what was made is gone when it ends.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

#: Images as their owners publish them; moto's own list has none that is of use.
IMAGES = Path(__file__).with_name("images.json")


def main() -> None:
    """Serve till this process is ended."""
    os.environ |= {"MOTO_AMIS_PATH": str(IMAGES), "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    from moto import server  # reads the environment when it is loaded

    server.main(["-H", sys.argv[1], "-p", sys.argv[2]])


if __name__ == "__main__":
    main()

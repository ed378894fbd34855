"""Makes `python -m lab.datacenter` the same as `lab/hosts`."""

from lab.datacenter.cli import main

raise SystemExit(main())

"""`python -m planner` is scripts/plan."""

import sys

from planner.cli import main

sys.exit(main())

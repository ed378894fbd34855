"""One call of the AWS API, for who is at the lab: `python -m lab.aws.ask autoscaling set_desired_capacity '{…}'`."""

from __future__ import annotations

import json
import sys

from lab.aws.cloud import Cloud, said


def main() -> int:
    """Print the answer as JSON; the status is 1, with a sentence, when there is none."""
    service, call, *given = sys.argv[1:]
    try:
        answer = getattr(Cloud(None).client(service), call)(**json.loads(given[0] if given else "{}"))
    except Exception as error:  # all of boto3's, which has no class for them
        print(f"lab/cloud: {said(error)}", file=sys.stderr)
        return 1
    answer.pop("ResponseMetadata", None)
    print(json.dumps(answer, indent=2, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main())

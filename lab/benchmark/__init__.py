"""`pulumi up` against a shell script written by hand, on the same hosts: lab/bench, docs/benchmark.md."""

"""How long a preview takes, against a program that does nothing but register as many commands (docs/benchmark.md)."""

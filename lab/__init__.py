"""A data centre on one machine: what the program is tested on."""

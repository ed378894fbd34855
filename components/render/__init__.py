"""Pure functions from values to the text of configuration files."""

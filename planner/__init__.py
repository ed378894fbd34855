"""The plan of a stack, outside `pulumi preview`: for a terminal, for a comment on a pull request, for machines."""

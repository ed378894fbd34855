"""A stand-in for Pulumi's AWS plugin: the resource types that the program uses, as calls to whatever speaks AWS' API.

The engine runs it as `pulumi-resource-aws`. Where the real plugin is installed, that one is taken.
"""

"""What of the API's objects is encrypted in etcd."""

from typing import Annotated, Literal

from pydantic import Field

from components.config.section import Section
from components.config.values import ResourceName, example


class EncryptionOptions(Section):
    """Objects that the API servers encrypt before etcd sees them. Chosen when a cluster is started.

    The key is made here and is in the stack's state alone, and in a file of root's on each control plane: without the
    state, a snapshot of etcd cannot be read.
    """

    provider: Annotated[Literal["secretbox", "aescbc", "none"], example("secretbox")] = "secretbox"
    """How: secretbox (XSalsa20 and Poly1305), aescbc where a rule asks for AES, or none."""
    resources: Annotated[list[ResourceName], Field(min_length=1), example(["secrets", "configmaps"])] = ["secrets"]
    """What: names as `kubectl api-resources` has them, with the group behind a dot, such as widgets.example.org."""

    @property
    def on(self) -> bool:
        """Whether anything is encrypted."""
        return self.provider != "none"

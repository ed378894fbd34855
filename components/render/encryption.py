"""How API servers encrypt objects: their EncryptionConfiguration, with the key in it."""

from __future__ import annotations

import base64
import hashlib

from components.config import EncryptionOptions
from components.render.document import to_yaml


def configuration(options: EncryptionOptions, seed: str) -> str:
    """Return the file that API servers read, secret: its key is the SHA-256 of `seed`, a private key in PEM.

    What is not encrypted can still be read, such as what a restored snapshot of another cluster holds.
    """
    key = base64.b64encode(hashlib.sha256(seed.encode()).digest()).decode()
    return to_yaml(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [
                {
                    "resources": options.resources,
                    "providers": [{options.provider: {"keys": [{"name": "key1", "secret": key}]}}, {"identity": {}}],
                }
            ],
        }
    )

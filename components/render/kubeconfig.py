"""kubeconfig files."""

from __future__ import annotations

import base64
from typing import Any

from components.render.document import to_yaml


def kubeconfig(cluster: str, server: str, ca: str, user: str, credentials: dict[str, str]) -> str:
    """Return a kubeconfig with one context, `<user>@<cluster>`.

    `server` is `host:port`, `ca` a PEM; `credentials` are fields of a kubeconfig's user.
    """
    context = f"{user}@{cluster}"
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": cluster, "cluster": {"server": f"https://{server}", "certificate-authority-data": encoded(ca)}}
        ],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": context, "context": {"cluster": cluster, "user": user}}],
        "current-context": context,
    }
    return to_yaml(document)


def encoded(text: str) -> str:
    """Return text in base64, as a kubeconfig holds certificates and keys."""
    return base64.b64encode(text.encode()).decode()

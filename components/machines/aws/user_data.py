"""What a machine is told when it first starts: its name, its host key, and where etcd's data goes."""

from __future__ import annotations

from pathlib import Path

from components.render.document import to_yaml

_VOLUME = Path(__file__).with_name("etcd-volume.sh")


def user_data(name: str, private: str, public: str, folder: str | None = None) -> str:
    """Return cloud-init's configuration. It holds the host key: it is a secret.

    The key is there before the first connection, so that it can be pinned. `folder` is where the second volume is
    mounted, before sshd starts; None where there is none.
    """
    document = {
        "hostname": name,
        "preserve_hostname": False,
        "ssh_deletekeys": True,
        "ssh_keys": {"ed25519_private": private, "ed25519_public": public},
        "ssh_pwauth": False,
        **({} if folder is None else {"bootcmd": [["bash", "-c", _VOLUME.read_text(), "etcd-volume", folder]]}),
    }
    return f"#cloud-config\n{to_yaml(document)}"

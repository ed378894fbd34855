"""The way out of a site, as programs on hosts are told of it."""

from __future__ import annotations

from components.config import Cluster


def inputs(cluster: Cluster) -> dict[str, str]:
    """Return the variables by which scripts reach what is outside; none where there is no proxy."""
    ways = {"PROXY_HTTP": cluster.proxy.http, "PROXY_HTTPS": cluster.proxy.https}
    given = {name: address for name, address in ways.items() if address}
    return {**given, "PROXY_EXCEPT": ",".join(exempt(cluster))} if given else {}


def exempt(cluster: Cluster) -> list[str]:
    """Return what is reached without the proxy: what is inside of every cluster, then what the file names.

    Other hosts are not in it: their addresses would change the settings of each node when one is added, and who asks
    the proxy, packages and images, asks no host.
    """
    network = cluster.network
    inside = ["localhost", "127.0.0.0/8", str(network.pod_subnet), str(network.service_subnet)]
    names = [".svc", f".{network.dns_domain}", cluster.endpoint.server().rpartition(":")[0]]
    return list(dict.fromkeys([*inside, *names, *cluster.proxy.no_proxy]))


def drop_in(cluster: Cluster) -> str:
    """Return what systemd gives containerd, which pulls images; nothing where there is no proxy."""
    told = inputs(cluster)
    names = {"PROXY_HTTP": "HTTP_PROXY", "PROXY_HTTPS": "HTTPS_PROXY", "PROXY_EXCEPT": "NO_PROXY"}
    # A percent sign would be systemd's own.
    lines = [f'Environment="{names[key]}={value.replace("%", "%%")}"' for key, value in told.items()]
    return "".join(f"{line}\n" for line in ["[Service]", *lines]) if told else ""

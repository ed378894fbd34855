"""HAProxy's and keepalived's configuration on the balancer hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.config import HaproxyEndpoint

#: Where HAProxy tells keepalived that it is alive; on loopback only.
HEALTH_PORT = 8404
API_SERVER_PORT = 6443


def haproxy(endpoint: HaproxyEndpoint, backends: Mapping[str, str]) -> str:
    """Return haproxy.cfg for API servers given as name to address."""
    servers = "\n".join(f"    server {name} {address}:{API_SERVER_PORT}" for name, address in backends.items())
    return f"""\
# Written by kubeadm-ha: changes are lost with the next update.
global
    # No maxconn: HAProxy takes as many connections as the host's limit of open files allows.
    log /dev/log local0

defaults
    mode tcp
    log global
    option dontlognull
    timeout connect {endpoint.timeouts.connect}s
    # A watch may be silent for long, and a client that is cut off lists everything anew.
    timeout client {endpoint.timeouts.client}s
    timeout server {endpoint.timeouts.server}s
    timeout client-fin 30s
    timeout check 2s
    option clitcpka
    option srvtcpka

frontend kubernetes-api
    bind :{endpoint.port}
    default_backend api-servers

backend api-servers
    balance {endpoint.algorithm}
    # An API server that answers TCP may still be starting, or have lost etcd: only /readyz tells. The certificate
    # must be an API server's of this cluster.
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host kubernetes
    http-check expect status 200
    default-server check inter 1s fall 2 rise 2 check-ssl verify required ca-file /etc/haproxy/kubernetes-ca.crt \
verifyhost kubernetes check-sni kubernetes on-marked-down shutdown-sessions
{servers}

frontend health
    mode http
    bind 127.0.0.1:{HEALTH_PORT}
    monitor-uri /healthz
{_statistics(endpoint)}"""


def _statistics(endpoint: HaproxyEndpoint) -> str:
    if endpoint.statistics is None:
        return ""
    return f"""
frontend statistics
    mode http
    # For who is on the host: it names every API server.
    bind 127.0.0.1:{endpoint.statistics.port}
    stats enable
    stats uri /
    stats hide-version
"""


def keepalived(endpoint: HaproxyEndpoint, name: str) -> str:
    """Return keepalived.conf of one balancer host.

    The interface is the host's own business: its script writes it to interface.conf, read from here.
    """
    order: Sequence[str] = list(endpoint.hosts)
    peers = "\n".join(f"        {h.address}" for n, h in endpoint.hosts.items() if n != name)
    return f"""\
# Written by kubeadm-ha: changes are lost with the next update.
include /etc/keepalived/kubeadm-ha-interface.conf

global_defs {{
    router_id {name}
    script_user root
    enable_script_security
}}

vrrp_script haproxy {{
    script "/usr/local/sbin/kubeadm-ha-check-haproxy"
    interval 1
    timeout 2
    fall 2
    rise 1
}}

vrrp_instance kubernetes-api {{
    # Every host begins as backup and none takes the address back when it returns: one move for each loss, not two.
    state BACKUP
    nopreempt
    # Version 3 counts in hundredths of a second: a dead host is noticed after three of these.
    version 3
    advert_int 0.5
    interface $INTERFACE
    virtual_router_id {endpoint.router_id}
    priority {100 - order.index(name)}
    # Unicast: many networks drop multicast, and a neighbour's VRRP group cannot interfere.
    unicast_src_ip {endpoint.hosts[name].address}
    unicast_peer {{
{peers}
    }}
    virtual_ipaddress {{
        {endpoint.address}/32 dev $INTERFACE
    }}
    track_script {{
        haproxy
    }}
}}
"""

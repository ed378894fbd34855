"""A highly available Kubernetes cluster, in the order it is built."""

import gc

import pulumi

from components import outputs, policies, rules
from components.control_plane import ControlPlane, ControlPlaneArgs
from components.deployed import read_deployed
from components.faults import ConfigurationError, lines
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.machines.static import login_faults, package_key_faults, static_hosts
from components.pki import ClusterPki, ClusterPkiArgs
from components.plan import as_text, plan_for
from components.render import kubeadm
from components.worker_pool import WorkerPool, WorkerPoolArgs

gc.disable()  # all that is made is kept to the end: to search it for garbage takes a quarter of a large preview
deployed = read_deployed()
try:
    cluster = rules.load(
        pulumi.Config().get("cluster"), login_faults, package_key_faults, policies.refusals(deployed.outputs)
    )
    hosts = static_hosts(cluster)
    plan = plan_for(deployed.cluster, cluster, deployed.certificates)
except ConfigurationError as error:
    raise pulumi.RunError(str(error)) from None
for line in lines([*rules.warnings(cluster), *policies.warnings(cluster, deployed.outputs)]):
    pulumi.warn(line)
pulumi.info(as_text(plan))

pki = ClusterPki(cluster.name, ClusterPkiArgs(cluster.name, kubeadm.endpoint(cluster), cluster.certificates))
load_balancer = LoadBalancer(
    cluster.name,
    LoadBalancerArgs(
        endpoint=cluster.endpoint,
        hosts=[hosts[name] for name in cluster.endpoint.hosts],
        backends={name: hosts[name].address for name, host in cluster.control_plane.hosts.items() if not host.lost},
        ca_certificate=pki.ca_certificate,
    ),
)
control_plane = ControlPlane(
    cluster.name,
    ControlPlaneArgs(
        cluster=cluster, hosts=[hosts[n] for n in cluster.control_plane.hosts], pki=pki, start_after=[load_balancer]
    ),
)
for pool, options in cluster.workers.items():
    WorkerPool(
        pool,
        WorkerPoolArgs(
            cluster=cluster,
            hosts=[hosts[name] for name in options.hosts],
            pki=pki,
            coordinator=control_plane.coordinator,
            join_after=[control_plane.started if plan.transition.first else control_plane.settled],
            in_turn=plan.workers_in_turn,
        ),
    )
outputs.export(cluster, pki, control_plane)

"""A highly available Kubernetes cluster, in the order it is built."""

import gc

gc.disable()  # all that is made is kept to the end: to search it for garbage takes a quarter of a large preview

import pulumi

from components import plugins

plugins.start()  # they come up while the rest of the program is being read

from components import outputs, policies, rules
from components.cloud import Cloud, CloudArgs
from components.control_plane import ControlPlane, ControlPlaneArgs
from components.deployed import read_deployed
from components.elastic import ElasticPools, ElasticPoolsArgs
from components.endpoints import EndpointArgs, endpoint_for
from components.etcd_cluster import EtcdArgs, etcd_for
from components.faults import ConfigurationError, lines
from components.machines import providers
from components.nodes import Nodes, NodesArgs
from components.pki import ClusterPki, ClusterPkiArgs, ssh_key
from components.plan import as_text, plan_for
from components.worker_pool import WorkerPool, WorkerPoolArgs

deployed = read_deployed()
try:
    cluster = rules.load(pulumi.Config().get("cluster"), *providers.RULES, policies.refusals(deployed.outputs))
    provider = providers.provider_for(cluster)
    plan = plan_for(deployed.cluster, provider.cluster, deployed.certificates)
except ConfigurationError as error:
    raise pulumi.RunError(str(error)) from None
for line in lines([*rules.warnings(cluster, *providers.CAUTIONS), *policies.warnings(cluster, deployed.outputs)]):
    pulumi.warn(line)
pulumi.info(as_text(plan))

site = provider.site(ssh_key)
hosts = site.hosts
names = cluster.name, cluster.endpoint.server(), cluster.admin_server()
pki = ClusterPki(cluster.name, ClusterPkiArgs(*names, cluster.certificates, cluster.encryption.on))
endpoint = endpoint_for(EndpointArgs(cluster, hosts, pki, site.balancer))
etcd = etcd_for(EtcdArgs(cluster, hosts, pki, plan.transition.first))
planes = [hosts[name] for name in cluster.control_plane.hosts]
control_plane = ControlPlane(cluster.name, ControlPlaneArgs(cluster, planes, pki, endpoint, etcd))
joined: list[pulumi.Resource] = [control_plane.settled]
before = [control_plane.started if plan.transition.first else control_plane.settled]
for pool, options in cluster.host_pools().items():
    workers = [hosts[name] for name in options.hosts]
    of_pool = WorkerPoolArgs(cluster, workers, pki, endpoint, control_plane.coordinator, before, plan.workers_in_turn)
    joined += WorkerPool(pool, of_pool).joined
if site.manifests:
    acting = CloudArgs(cluster, control_plane.coordinator, pki, site.manifests, before)
    joined.append(Cloud(cluster.name, acting).ready)
if site.growth:
    growing = ElasticPoolsArgs(cluster, planes, pki, endpoint, site.growth(), [control_plane.settled])
    ElasticPools(cluster.name, growing)
Nodes(cluster.name, NodesArgs(cluster, control_plane.coordinator, pki, after=joined))
outputs.export(cluster, pki, control_plane, etcd, plan.transition.wanted)

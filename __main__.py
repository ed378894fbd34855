"""A highly available Kubernetes cluster, in the order it is built."""

import gc

gc.disable()  # all that is made is kept to the end: to search it for garbage takes a quarter of a large preview

import pulumi

from components import deployed, plugins

plugins.start()  # they come up while the rest of the program is being read
last = deployed.ask(deployed.itself())  # as what was deployed by the last `up` does

from components import layers, outputs, policies, rules
from components.cloud import Cloud, CloudArgs
from components.control_plane import ControlPlane, ControlPlaneArgs
from components.elastic import ElasticPools, ElasticPoolsArgs
from components.endpoints import EndpointArgs, endpoint_for
from components.etcd_cluster import EtcdArgs, etcd_for
from components.faults import ConfigurationError
from components.infrastructure import Infrastructure, InfrastructureArgs
from components.machines import providers
from components.nodes import Nodes, NodesArgs
from components.pki import ClusterPki, ClusterPkiArgs, ssh_key
from components.worker_pool import WorkerPool, WorkerPoolArgs

try:
    layer = layers.read(last)
    cluster = rules.load(layer.keys.cluster, layer.faults, *providers.RULES, policies.refusals(layer.outputs))
    provider = providers.provider_for(layer.whole(cluster), layer.handed)
    plan = layer.plan(cluster, provider.cluster)
except ConfigurationError as error:
    raise pulumi.RunError(str(error)) from None
layers.tell(plan, [*rules.warnings(cluster, *providers.CAUTIONS), *policies.warnings(cluster, layer.outputs)])

site = provider.site(ssh_key)
if layer.keys.bootstrap:  # the machines alone: another stack builds the cluster on them
    made = InfrastructureArgs(site, layer.keys.bootstrap, plan.transition.wanted, cluster.certificates.protect)
    Infrastructure(cluster.name, made).export()
else:
    names = cluster.name, cluster.endpoint.server(), cluster.admin_server()
    pki = ClusterPki(cluster.name, ClusterPkiArgs(*names, cluster.certificates, cluster.encryption.on))
    endpoint = endpoint_for(EndpointArgs(cluster, site.hosts, pki, site.balancer))
    etcd = etcd_for(EtcdArgs(cluster, site.hosts, pki, plan.transition.first))
    planes = [site.hosts[name] for name in cluster.control_plane.hosts]
    control_plane = ControlPlane(cluster.name, ControlPlaneArgs(cluster, planes, pki, endpoint, etcd))
    joined: list[pulumi.Resource] = [control_plane.settled]
    before = [control_plane.started if plan.transition.first else control_plane.settled]
    for pool, options in cluster.host_pools().items():
        workers = [site.hosts[name] for name in options.hosts]
        args = WorkerPoolArgs(cluster, workers, pki, endpoint, control_plane.coordinator, before, plan.workers_in_turn)
        joined += WorkerPool(pool, args).joined
    if site.manifests:
        acting = CloudArgs(cluster, control_plane.coordinator, pki, site.manifests, before)
        joined.append(Cloud(cluster.name, acting).ready)
    if site.growth:
        growing = ElasticPoolsArgs(cluster, planes, pki, endpoint, site.growth(), [control_plane.settled])
        ElasticPools(cluster.name, growing)
    Nodes(cluster.name, NodesArgs(cluster, control_plane.coordinator, pki, after=joined))
    outputs.export(cluster, pki, control_plane, etcd, layer.deployed(plan))

"""A highly available Kubernetes cluster, in the order it is built."""

from components import process

process.lighten()

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
from components.snapshots import SnapshotsArgs, snapshots_for
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
    hosts = [site.hosts[name] for name in cluster.control_plane.hosts]
    planes = ControlPlane(cluster.name, ControlPlaneArgs(cluster, hosts, pki, endpoint, etcd))
    joined: list[pulumi.Resource] = [planes.settled]
    before = [planes.started if plan.transition.first else planes.settled]
    for pool, options in cluster.host_pools().items():
        workers = [site.hosts[name] for name in options.hosts]
        args = WorkerPoolArgs(cluster, workers, pki, endpoint, planes.coordinator, before, plan.workers_in_turn)
        joined += WorkerPool(pool, args).joined
    if site.manifests:
        joined.append(Cloud(cluster.name, CloudArgs(cluster, planes.coordinator, pki, site.manifests, before)).ready)
    if site.growth:
        ElasticPools(cluster.name, ElasticPoolsArgs(cluster, hosts, pki, endpoint, site.growth(), [planes.settled]))
    snapshots_for(SnapshotsArgs(cluster, site.hosts, etcd.members or planes.joined, planes.settled))
    Nodes(cluster.name, NodesArgs(cluster, planes.coordinator, pki, after=joined))
    outputs.export(cluster, pki, planes, etcd, layer.deployed(plan))

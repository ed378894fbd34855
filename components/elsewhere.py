"""Keys that other tools have for what has another key here, or none: what to do instead.

A key with dots in it is one at that place alone.
"""

from __future__ import annotations

_NO_FLAGS = "Remove it: the kubelet has fields of configuration in place of flags; write them under kubernetes.kubelet."
_NO_TOKENS = "Remove it: hosts join with certificates of their own, and no token is made."
_NO_PASSWORD = "Remove it and change it, since it is written down here; log in with a key: ssh.privateKeyFile."  # noqa: S105
#: Keys that other tools have, and what to do instead.
ELSEWHERE = {
    **dict.fromkeys(("password", "passphrase", "sshPassword", "becomePassword"), _NO_PASSWORD),
    **dict.fromkeys(("token", "tokens", "bootstrapToken", "certificateKey"), _NO_TOKENS),
    "kubeletExtraArgs": _NO_FLAGS,
    **dict.fromkeys(
        ("accessKey", "secretKey", "accessKeyId", "secretAccessKey"),
        "Remove it and end that key, since it is written down here; who runs `up` logs in by AWS_PROFILE and the like.",
    ),
    **dict.fromkeys(("podCIDR", "podCidr", "clusterCIDR", "podNetwork", "podsCIDR"), "Write it as network.podSubnet."),
    **dict.fromkeys(("serviceCIDR", "serviceNetwork", "servicesCIDR"), "Write it as network.serviceSubnet."),
    **dict.fromkeys(("kubernetesVersion", "k8sVersion"), "Write it as kubernetes.version."),
    **dict.fromkeys(("sshUser", "sshKey", "sshPort", "sshKeyFile"), "Write it under ssh."),
    **dict.fromkeys(("availabilityZones", "azs"), "Write it as aws.network.zones."),
    **dict.fromkeys(
        ("cidr", "cidrBlock", "vpcCidr"), "Write a VPC's as aws.network.range, that of pods as network.podSubnet."
    ),
    **dict.fromkeys(("externalEtcd", "stackedEtcd"), "Write it under etcd: hosts, external, or neither for stacked."),
    **dict.fromkeys(("etcdHosts", "etcdMembers"), "Write them under etcd.hosts."),
    **dict.fromkeys(
        ("replicas", "count"),
        "Remove it: each host has a line under hosts; machines that are made are counted under machines.",
    ),
    **dict.fromkeys(("loadBalancer", "loadBalancers", "balancers", "vip"), "Write it under endpoint."),
    **dict.fromkeys(("masters", "controllers", "controlPlanes"), "Write them under controlPlane.hosts."),
    **dict.fromkeys(
        ("addons", "extraManifests", "inlineManifests"), "Write them under manifests, as files or addresses."
    ),
    **dict.fromkeys(
        ("dualStack", "ipFamily", "ipFamilies"), "Remove it: with network.ipv6 a cluster has two families."
    ),
    **dict.fromkeys(("nodes", "agents", "pools", "nodePools"), "Write them under workers.<pool>.hosts."),
    **dict.fromkeys(("httpProxy", "httpsProxy", "proxies"), "Write it under proxy."),
    **dict.fromkeys(("proxyJump", "jumpHost", "jump", "gateway", "bastionHost"), "Write it as ssh.bastion.address."),
    **dict.fromkeys(
        ("caFile", "caCert", "caKey", "caCertificate"),
        "Remove it: the cluster's authorities are made here; that of somebody else's etcd goes into etcd.external.",
    ),
    **dict.fromkeys(
        ("controlPlaneEndpoint", "apiEndpoint", "apiServerEndpoint", "loadbalancerApiserver", "externalAddress"),
        "Write it under endpoint: a kind, and its address.",
    ),
    **dict.fromkeys(
        ("apiVersion", "metadata", "spec"),
        "Remove it: the file has the cluster's own keys alone, without what an object of Kubernetes has around them.",
    ),
    **dict.fromkeys(("networking", "clusterNetwork"), "Write what is in it under network: podSubnet, serviceSubnet."),
    **dict.fromkeys(("certSANs", "apiServerCertSANs", "sans"), "Write them as kubernetes.extraCertNames."),
    "extraVolumes": "Remove it: the API server's pod sees /etc/kubernetes/pki, where hooks.beforeJoin can put files.",
    "imageRepository": "Write mirrors under registries, by the name of the registry that they stand for.",
    **dict.fromkeys(("quotaBackendBytes", "quota", "quotaBackend"), "Write it as etcd.quotaGib, in GiB."),
    **dict.fromkeys(("heartbeatInterval", "heartbeat"), "Write it as etcd.heartbeatMilliseconds."),
    **dict.fromkeys(("electionTimeout", "election"), "Write it as etcd.electionMilliseconds."),
    "etcd.extraArgs": "Remove it: what of etcd can be chosen has keys of its own, such as quotaGib.",
    "etcd.dataDir": "Write it as etcd.dataDirectory.",
    **dict.fromkeys(("strictHostKeyChecking", "hostKeyChecking"), "Remove it: host keys are always compared."),
    **dict.fromkeys(
        ("keyPath", "identityFile", "keyFile", "privateKeyPath", "sshPrivateKeyFile"),
        "Write it as privateKeyFile, under ssh.",
    ),
    **dict.fromkeys(("ansibleUser", "ansibleSshUser", "username"), "Write it as user, under ssh."),
    **dict.fromkeys(
        ("ansibleHost", "ip", "accessIp", "privateAddress", "privateIp", "internalAddress"), "Write it as address."
    ),
    **dict.fromkeys(
        ("publicAddress", "publicIp"), "Write it as ssh.address, if logins go there; address is the one inside."
    ),
    **dict.fromkeys(("kubeNetworkPlugin", "networkPlugin"), "Write it as network.cni."),
    **dict.fromkeys(
        ("network.cni.name", "network.cni.plugin", "network.cni.type", "network.cni.provider"),
        "Write `cni: flannel` or `cni: none`; another one by its manifests: `cni: {manifests: [{file: cni.yaml}]}`.",
    ),
    **dict.fromkeys(("caCertificateValidityPeriod", "caValidity"), "Write it as certificates.authorityDays, in days."),
    "certificateValidityPeriod": "Remove it: nodes' and control planes' certificates are renewed by themselves.",
    **dict.fromkeys(("backup", "backups", "snapshots"), "Write it as etcd.snapshots."),
    **dict.fromkeys(
        ("ntp", "timezone", "sysctl", "sysctls"), "Remove it: set it up on the hosts, such as by hooks.beforeJoin."
    ),
    "drain.force": "Write it as drain.deleteUnmanagedPods.",
    "key": "Remove it: no key stands in this file; ssh.privateKeyFile names one, and packages.kubernetes.key.file.",
    "privateKey": "Remove it and make a new key, since this one is written down here; name its file in privateKeyFile.",
}

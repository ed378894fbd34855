"""What kubeadm is told where a story runs the programs of a control plane without a host; `%` takes the version."""

from __future__ import annotations

INIT = """
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: 10.99.0.1, bindPort: 6443}
nodeRegistration: {name: cp-1, criSocket: unix:///run/containerd/containerd.sock}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v%s
controlPlaneEndpoint: 10.99.0.1:6443
networking: {serviceSubnet: 10.96.0.0/16, podSubnet: 10.244.0.0/16}
"""

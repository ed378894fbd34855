module kubeadm-ha/lab/artifacts/cloud-controller

go 1.26.0

require k8s.io/cloud-provider-aws v1.35.0

module kubeadm-ha/lab/artifacts/kube-vip

go 1.26.0

require github.com/kube-vip/kube-vip v1.0.0

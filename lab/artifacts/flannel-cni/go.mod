module kubeadm-ha/lab/artifacts/flannel-cni

go 1.26.0

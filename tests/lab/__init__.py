"""Stories on real hosts: real SSH, real kubeadm, real etcd."""

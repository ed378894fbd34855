"""A highly available Kubernetes cluster as Pulumi components."""

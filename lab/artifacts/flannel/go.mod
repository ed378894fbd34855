module kubeadm-ha/lab/artifacts/flannel

go 1.26.0

require github.com/flannel-io/flannel v0.28.4

// The version that flannel asks for is not served.
replace github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common => github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common v1.3.78

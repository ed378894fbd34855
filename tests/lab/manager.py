"""What the cloud controller manager's story runs: a cluster without hosts, an account with a network, and nodes."""

from __future__ import annotations

import json

import yaml

REGION = "eu-central-1"
#: Starts etcd, an API server and moto; applies what the program would, and runs the manager as its DaemonSet says.
CLUSTER = r"""
set -eu
ip link set lo up; ip route add default dev lo
for address in 10.99.0.1 10.45.0.10 169.254.169.254; do ip addr add $address/32 dev lo; done
# Who asks for metadata is known by the address: it is that of the control plane.
ip route change local 169.254.169.254 dev lo table local src 10.45.0.10
mkdir -p /etc/kubernetes /etc/aws; mount -t tmpfs tmpfs /etc/kubernetes; mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /etc/aws; cd "$1"
kubeadm init phase certs all --config init.yaml
kubeadm init phase kubeconfig admin --config init.yaml; kubeadm init phase kubeconfig super-admin --config init.yaml
pki=/etc/kubernetes/pki
etcd --data-dir "$1/etcd" --log-level error >etcd.log 2>&1 & started=$!; trap 'kill -KILL $started' EXIT
kube-apiserver --etcd-servers=http://127.0.0.1:2379 --authorization-mode=Node,RBAC --allow-privileged \
  --client-ca-file=$pki/ca.crt --tls-cert-file=$pki/apiserver.crt --tls-private-key-file=$pki/apiserver.key \
  --requestheader-client-ca-file=$pki/front-proxy-ca.crt --advertise-address=10.99.0.1 \
  --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=$pki/sa.pub \
  --service-account-signing-key-file=$pki/sa.key --service-cluster-ip-range=10.96.0.0/16 \
  >api.log 2>&1 & started="$started $!"
"$PYTHON" -m lab.aws.api 127.0.0.1 5566 >moto.log 2>&1 & started="$started $!"
export KUBECONFIG=/etc/kubernetes/super-admin.conf
until kubectl get --raw /readyz; do sleep 0.5; done
until curl -sf http://127.0.0.1:5566/moto-api/ >/dev/null; do sleep 0.5; done
"$PYTHON" -m lab.aws.metadata 169.254.169.254 80 $AWS_ENDPOINT_URL $AWS_REGION >metadata.log 2>&1 &
started="$started $!"
"$PYTHON" seed.py >ids
while read -r name id; do sed -i "s/@$name@/$id/g" cloud.yaml nodes.yaml statuses; done <ids
kubectl apply --server-side --validate=strict -f cloud.yaml >applied
kubectl apply --server-side --validate=strict -f volumes.yaml >>applied
kubectl -n kube-system get configmap aws-cloud-controller-manager -o 'jsonpath={.data.cloud\.conf}' >/etc/aws/cloud.conf
kubectl create -f nodes.yaml
while read -r name status; do kubectl patch node "$name" --subresource status --type merge -p "$status"; done <statuses
token=$(kubectl -n kube-system create token aws-cloud-controller-manager)
sed "s/@token@/$token/; s/@ca@/$(base64 -w 0 $pki/ca.crt)/" manager.conf >/etc/kubernetes/manager.conf
curl -sf -X POST http://127.0.0.1:5566/moto-api/recorder/start-recording >/dev/null
mapfile -t told <arguments
conf=/etc/kubernetes/manager.conf
env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_EC2_METADATA_DISABLED -u AWS_REGION -u AWS_DEFAULT_REGION \
  aws-cloud-controller-manager --kubeconfig $conf --authentication-kubeconfig $conf --authorization-kubeconfig $conf \
  "${told[@]}" >manager.log 2>&1 &
started="$started $!"

until_true() { for _ in $(seq 120); do sh -c "$2" && return; sleep 0.5; done; echo "never: $1" >>never; }
until_true found 'kubectl get nodes -o json | grep -q uninitialized; [ $? = 1 ]'
kubectl get nodes -o json >nodes.json
kubectl create -f service.yaml
until_true balanced 'kubectl get service web -o json | grep -q hostname'
"$PYTHON" look.py >balancers.json
"$PYTHON" end.py $(sed -n 's/^worker-2 //p' ids)
kubectl patch node worker-2 --subresource status --type merge \
  -p '{"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}}'
until_true removed '! kubectl get node worker-2 >/dev/null 2>&1'
kubectl get nodes -o name >left
kubectl delete service web --wait=false
until_true unbalanced '! kubectl get service web >/dev/null 2>&1'
"$PYTHON" look.py >afterwards.json
curl -sf http://127.0.0.1:5566/moto-api/recorder/download-recording >calls
"""
_BOTO = """
import json, sys
import boto3
ec2, elb = boto3.client("ec2"), boto3.client("elbv2")
"""
#: A network as the program makes it: tags and roles of subnets, a guard for each role, machines with one of them.
SEED = (
    _BOTO
    + """
own = {"Key": "kubernetes.io/cluster/aws-services", "Value": "owned"}
roles = [{"Key": f"kubernetes.io/role/{role}", "Value": "1"} for role in ("elb", "internal-elb")]
def tagged(kind, *more):
    return [{"ResourceType": kind, "Tags": [own, *more]}]
vpc = ec2.create_vpc(CidrBlock="10.45.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
out = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
ec2.create_route(RouteTableId=out, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
inside = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
found = {"vpc": vpc}
for number, zone in enumerate("ab"):
    place = "eu-central-1" + zone
    for name, part, table, more in (
        ("machines", f"10.45.{16 * number}.0/20", inside, []), ("edge", f"10.45.{240 + number}.0/24", out, roles)
    ):
        subnet = ec2.create_subnet(
            VpcId=vpc, CidrBlock=part, AvailabilityZone=place, TagSpecifications=tagged("subnet", *more)
        )["Subnet"]["SubnetId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        found[f"{name}-{zone}"] = subnet
for role in ("control-plane", "worker", "bastion"):
    found[f"guard-{role}"] = ec2.create_security_group(
        GroupName=role, Description=role, VpcId=vpc, TagSpecifications=tagged("security-group")
    )["GroupId"]
iam = boto3.client("iam")
iam.create_role(RoleName="machine", AssumeRolePolicyDocument="{}")
iam.create_instance_profile(InstanceProfileName="profile")
iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="machine")
image = ec2.describe_images()["Images"][0]["ImageId"]
for name, role, zone, address in (
    ("cp-1", "control-plane", "a", "10.45.0.10"), ("worker-1", "worker", "a", "10.45.0.100"),
    ("worker-2", "worker", "b", "10.45.16.100"),
):
    found[name] = ec2.run_instances(
        ImageId=image, InstanceType="m6i.large", MinCount=1, MaxCount=1, SubnetId=found[f"machines-{zone}"],
        PrivateIpAddress=address, SecurityGroupIds=[found[f"guard-{role}"]], TagSpecifications=tagged("instance"),
        IamInstanceProfile={"Name": "profile"},
    )["Instances"][0]["InstanceId"]
for name, id in found.items():
    print(name, id)
"""
)
LOOK = (
    _BOTO
    + """
balancers = elb.describe_load_balancers()["LoadBalancers"]
groups = elb.describe_target_groups()["TargetGroups"]
targets = [t["Target"]["Id"] for g in groups
           for t in elb.describe_target_health(TargetGroupArn=g["TargetGroupArn"])["TargetHealthDescriptions"]]
open_ = {g["GroupId"]: len(g["IpPermissions"]) for g in ec2.describe_security_groups()["SecurityGroups"]}
tags = elb.describe_tags(ResourceArns=[b["LoadBalancerArn"] for b in balancers])["TagDescriptions"] if balancers else []
subnets = [z["SubnetId"] for b in balancers for z in b["AvailabilityZones"]]
print(json.dumps({"subnets": subnets, "schemes": [b["Scheme"] for b in balancers], "targets": targets, "open": open_,
                  "tags": [{t["Key"]: t["Value"] for t in each["Tags"]} for each in tags]}))
"""
)
END = _BOTO + "ec2.terminate_instances(InstanceIds=[sys.argv[1]])\n"
MANAGER = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://10.99.0.1:6443", certificate-authority-data: "@ca@"}}]
users: [{name: manager, user: {token: "@token@"}}]
contexts: [{name: c, context: {cluster: c, user: manager}}]
current-context: c
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: default
  annotations:
    service.beta.kubernetes.io/aws-load-balancer-type: nlb
    service.beta.kubernetes.io/aws-load-balancer-internal: "true"
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}]
"""
WHERE = {"cp-1": ("a", "10.45.0.10"), "worker-1": ("a", "10.45.0.100"), "worker-2": ("b", "10.45.16.100")}


def nodes() -> tuple[str, str]:
    """Return nodes as kubelets with an external cloud provider register them, and what they say of themselves."""
    found, statuses = [], ""
    for name, (zone, address) in WHERE.items():
        labels = {
            "node-role.kubernetes.io/control-plane": "",
            "node.kubernetes.io/exclude-from-external-load-balancers": "",
        }
        taint = {"key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule"}
        found.append(
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": name,
                    "labels": {"kubernetes.io/hostname": name} | (labels if name == "cp-1" else {}),
                    "annotations": {"alpha.kubernetes.io/provided-node-ip": address},
                },
                "spec": {"providerID": f"aws:///{REGION}{zone}/@{name}@", "taints": [taint]},
            }
        )
        addresses = [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}]
        said = {"status": {"addresses": addresses, "conditions": [{"type": "Ready", "status": "True"}]}}
        statuses += f"{name} {json.dumps(said, separators=(',', ':'))}\n"
    return yaml.safe_dump_all(found), statuses

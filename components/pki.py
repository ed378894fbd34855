"""The cluster's certificate authorities and admin credentials, and keys of SSH: the only importer of pulumi_tls.

kubeadm finds the authorities on every control plane and makes the leaf certificates there itself, so no key has to be
passed from one control plane to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_tls as tls

from components.config import CertificateOptions
from components.host import SshKey
from components.render.kubeconfig import encoded, kubeconfig

#: kubeadm takes RSA or ECDSA; ECDSA signs the same way every time (RFC 6979), and its keys cost no time to make.
KEY = tls.PrivateKeyArgs(algorithm="ECDSA", ecdsa_curve="P256")
HOURS = 24
#: An `up` this many hours before its end issues a certificate of ours anew.
RENEWAL_HOURS = 30 * HOURS
#: Lifetime of etcd's certificates on hosts of its own, as kubeadm has it for those it makes.
MEMBER_DAYS = 365


@dataclass(frozen=True)
class CertificateAuthorityArgs:
    """Arguments of a CertificateAuthority."""

    common_name: str
    """Name in the certificate's subject; kubeadm's own choice for each."""
    days: int
    """Lifetime in days."""
    protect: bool
    """Refuse to destroy or replace it."""


def ssh_key(name: str, opts: pulumi.ResourceOptions) -> SshKey:
    """Return a key of SSH that is made once and kept in the state."""
    key = tls.PrivateKey(name, algorithm="ED25519", opts=opts)
    return SshKey(pulumi.Output.secret(key.private_key_openssh), key.public_key_openssh.apply(str.strip))


class CertificateAuthority(pulumi.ComponentResource):
    """A key and the self-signed certificate of an authority."""

    certificate: pulumi.Output[str]
    """PEM of the certificate."""
    key: pulumi.Output[str]
    """PEM of the private key, secret."""
    expires: pulumi.Output[str]
    """End of the certificate (RFC 3339)."""

    def __init__(self, name: str, args: CertificateAuthorityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:CertificateAuthority", name, None, opts)
        # An authority is never renewed by the clock: replacing it takes the cluster apart.
        mine = pulumi.ResourceOptions(parent=self, protect=args.protect)
        private = tls.PrivateKey(f"{name}-key", KEY, opts=mine)
        signed = tls.SelfSignedCert(
            f"{name}-certificate",
            private_key_pem=private.private_key_pem,
            is_ca_certificate=True,
            set_subject_key_id=True,
            subject=tls.SelfSignedCertSubjectArgs(common_name=args.common_name),
            validity_period_hours=args.days * HOURS,
            allowed_uses=["cert_signing", "digital_signature", "key_encipherment"],
            opts=mine,
        )
        self.certificate = signed.cert_pem
        self.key = pulumi.Output.secret(private.private_key_pem)
        self.expires = signed.validity_end_time
        self.register_outputs({"certificate": self.certificate, "expires": self.expires})


@dataclass(frozen=True)
class Credential:
    """A key and a certificate for it."""

    certificate: pulumi.Output[str]
    """PEM of the certificate."""
    key: pulumi.Output[str] = field(repr=False)
    """PEM of the private key, secret."""
    expires: pulumi.Output[str]
    """End of the certificate (RFC 3339)."""


@dataclass(frozen=True)
class ClusterPkiArgs:
    """Arguments of a ClusterPki."""

    cluster: str
    """Name of the cluster."""
    server: str
    """`host:port` of the API, as nodes' kubeconfigs name it."""
    admin_server: str
    """`host:port` of the API, as the admin's kubeconfig names it: it is used outside of the cluster too."""
    certificates: CertificateOptions
    """Lifetimes and protection."""
    encrypts: bool
    """Whether objects are encrypted at rest."""


class ClusterPki(pulumi.ComponentResource):
    """The authorities of Kubernetes, its front proxy and etcd, the service-account key, and an admin's kubeconfig."""

    ca_certificate: pulumi.Output[str]
    """PEM of the Kubernetes CA."""
    etcd_ca_certificate: pulumi.Output[str]
    """PEM of the authority of etcd's certificates."""
    kubeconfig: pulumi.Output[str]
    """kubeconfig of an administrator (group kubeadm:cluster-admins), secret."""
    inner_kubeconfig: pulumi.Output[str]
    """The same for use on control planes, through the endpoint that nodes have."""
    encryption_seed: pulumi.Output[str] | None
    """What the key is made of that objects are encrypted with at rest, secret; None when none are."""
    expires: dict[str, pulumi.Output[str]]
    """End of each certificate made here (RFC 3339), by name."""

    def __init__(self, name: str, args: ClusterPkiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kubeadm-ha:index:ClusterPki", name, None, opts)
        self._args = args
        certificates = args.certificates
        mine = pulumi.ResourceOptions(parent=self)

        def authority(suffix: str, common_name: str) -> CertificateAuthority:
            wanted = CertificateAuthorityArgs(common_name, certificates.authority_days, certificates.protect)
            return CertificateAuthority(f"{name}-{suffix}", wanted, mine)

        self._kubernetes = authority("kubernetes-ca", "kubernetes")
        self._front_proxy = authority("front-proxy-ca", "front-proxy-ca")
        self._etcd = authority("etcd-ca", "etcd-ca")
        self.etcd_ca_certificate = self._etcd.certificate
        kept = pulumi.ResourceOptions(parent=self, protect=certificates.protect)
        self._service_accounts = tls.PrivateKey(f"{name}-service-accounts", KEY, opts=kept)
        self.encryption_seed = None
        if args.encrypts:
            # A random text that is made once, kept in the state and protected: no provider more for a random key.
            seed = tls.PrivateKey(f"{name}-encryption", KEY, opts=kept)
            self.encryption_seed = pulumi.Output.secret(seed.private_key_pem)
        self._signer = pulumi.Output.all(self._kubernetes.certificate, self._kubernetes.key)
        subject = tls.CertRequestSubjectArgs(common_name="kubeadm-ha:admin", organization="kubeadm:cluster-admins")
        admin = self._credential(f"{name}-admin", self._kubernetes, subject, certificates.admin_days)
        self.ca_certificate = self._kubernetes.certificate
        pems = pulumi.Output.all(self.ca_certificate, admin.certificate, admin.key)

        def through(server: str) -> pulumi.Output[str]:
            def render(pems: list[str]) -> str:
                credentials = {"client-certificate-data": encoded(pems[1]), "client-key-data": encoded(pems[2])}
                return kubeconfig(args.cluster, server, pems[0], "admin", credentials)

            return pulumi.Output.secret(pems.apply(render))

        self.kubeconfig = through(args.admin_server)
        self.inner_kubeconfig = self.kubeconfig if args.server == args.admin_server else through(args.server)
        self.expires = {
            "kubernetes-ca": self._kubernetes.expires,
            "front-proxy-ca": self._front_proxy.expires,
            "etcd-ca": self._etcd.expires,
            "admin": admin.expires,
        }
        self.register_outputs({"ca_certificate": self.ca_certificate, "kubeconfig": self.kubeconfig})

    def _credential(
        self,
        name: str,
        authority: CertificateAuthority,
        subject: tls.CertRequestSubjectArgs,
        days: int,
        *,
        names: Sequence[str] = (),
        addresses: Sequence[str] = (),
    ) -> Credential:
        """Return a client's credential; with names or addresses it is a server's too."""
        mine = pulumi.ResourceOptions(parent=self)
        server = bool(names or addresses)
        key = tls.PrivateKey(f"{name}-key", KEY, opts=mine)
        request = tls.CertRequest(
            f"{name}-request",
            private_key_pem=key.private_key_pem,
            subject=subject,
            dns_names=list(names) or None,
            ip_addresses=list(addresses) or None,
            opts=mine,
        )
        signed = tls.LocallySignedCert(
            f"{name}-certificate",
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=authority.key,
            ca_cert_pem=authority.certificate,
            validity_period_hours=days * HOURS,
            early_renewal_hours=min(RENEWAL_HOURS, days * HOURS // 3),
            allowed_uses=[
                "digital_signature",
                "key_encipherment",
                *(["server_auth"] if server else []),
                "client_auth",
            ],
            opts=mine,
        )
        return Credential(signed.cert_pem, pulumi.Output.secret(key.private_key_pem), signed.validity_end_time)

    def etcd_member(self, name: str, names: Sequence[str], addresses: Sequence[str]) -> Credential:
        """Return what an etcd member on a host of its own shows clients and other members."""
        subject = tls.CertRequestSubjectArgs(common_name=name)
        days = min(MEMBER_DAYS, self._args.certificates.authority_days)
        shown = self._credential(f"{name}-etcd", self._etcd, subject, days, names=names, addresses=addresses)
        self.expires[f"etcd-member/{name}"] = shown.expires
        return shown

    def etcd_client(self) -> Credential:
        """Return what API servers show an etcd on hosts of its own; the name is that of kubeadm's own."""
        subject = tls.CertRequestSubjectArgs(common_name="kube-apiserver-etcd-client")
        days = min(MEMBER_DAYS, self._args.certificates.authority_days)
        client = self._credential(f"{self._args.cluster}-etcd-client", self._etcd, subject, days)
        self.expires["etcd-client"] = client.expires
        return client

    def stacked_etcd_files(self) -> dict[str, pulumi.Input[str]]:
        """Return what kubeadm makes a stacked member's certificates of, by path relative to /etc/kubernetes."""
        return {"pki/etcd/ca.crt": self._etcd.certificate, "pki/etcd/ca.key": self._etcd.key}

    def control_plane_files(self) -> dict[str, pulumi.Output[str]]:
        """Return what a control plane needs before kubeadm runs, etcd's part aside, by path in /etc/kubernetes."""
        return {
            "pki/ca.crt": self._kubernetes.certificate,
            "pki/ca.key": self._kubernetes.key,
            "pki/front-proxy-ca.crt": self._front_proxy.certificate,
            "pki/front-proxy-ca.key": self._front_proxy.key,
            "pki/sa.key": pulumi.Output.secret(self._service_accounts.private_key_pem),
            "pki/sa.pub": self._service_accounts.public_key_pem,
        }

    def node_kubeconfig(self, node: str, prepared: pulumi.Output[str]) -> pulumi.Output[str]:
        """Return the kubeconfig a node joins with: its own identity, for the key that its host made.

        `prepared` is the standard output of the host's preparation.
        """

        def render(output: str | None, certificate: str | None, key: str | None) -> str:
            if not output or not certificate or not key:
                return ""  # not made in this run: `--target` names other resources
            # Here, since a first preview signs nothing, and the library takes longer to load than all of components/.
            from components.identity import sign_node_request

            identity = sign_node_request(output, node, certificate, key)
            credentials = {
                "client-certificate-data": encoded(identity),
                "client-key": "/var/lib/kubeadm-ha/node.key",
            }
            return kubeconfig(self._args.cluster, self._args.server, certificate, f"system:node:{node}", credentials)

        # Made with a secret key, but a certificate is public: nothing here needs hiding.
        return pulumi.Output.unsecret(
            self._signer.apply(lambda signer: prepared.apply(lambda output: render(output, *signer)))
        )

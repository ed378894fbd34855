"""scripts/lib/names.sh: another name in the API server's certificate, on a control plane that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.fakes import kubectl
from tests.unit.sandbox import Result, Sandbox
from tests.unit.steps import JOINED, KUBELET, asked, did, run
from tests.unit.upgrades import ALL, CONTROL_PLANE_LINES, in_order, node


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a host."""
    return node(tmp_path)


class TestNames:
    """scripts/lib/names.sh: the names in the API server's certificate."""

    OLD_NAMES = "echo '    DNS:node-1' >/run/names; echo '    DNS:kubernetes, DNS:node-1' >/run/wanted-names"

    def served(self, sandbox: Sandbox, before: str, more: str = "") -> Result:
        """Return what was done about names; `more` is further lines of openssl's `case`."""
        sandbox.fakes["openssl"] = f"""case "$*" in
          {more}
          *subjectAltName*) cat /run/names ;;
          *fingerprint*) echo same ;;
          *) echo 'notAfter=Jun 15 15:06:40 2026 GMT' ;;
        esac"""
        fake = kubectl(list(ALL), list(ALL), first="\n".join(CONTROL_PLANE_LINES))
        pair = "for end in crt key; do echo old >/etc/kubernetes/pki/apiserver.$end; done"
        sandbox.after += "; cat /etc/kubernetes/pki/apiserver.*"
        return run(sandbox, "join-control-plane", fake, f"{KUBELET}; {JOINED}\n{pair}\n{before}")

    def test_another_name_is_another_certificate(self, sandbox: Sandbox) -> None:
        """Made beside, kept in the cluster, put in place, and awaited; the API server is not restarted."""
        done = self.served(sandbox, self.OLD_NAMES)
        assert done.status == 0, done.error
        in_order(
            done, "certs apiserver", "upload-config kubeadm --config cluster.yaml", "s_client -connect 192.0.2.1:6443"
        )
        assert not did(done, "restart")
        assert "old" not in done.seen

    def test_the_same_names_are_left_alone(self, sandbox: Sandbox) -> None:
        """In whichever order, kubeadm is not even asked."""
        done = self.served(sandbox, "echo '    DNS:node-1, DNS:kubernetes' >/run/names")
        assert done.status == 0, done.error
        assert not asked(done)

    def test_another_way_to_write_them_is_no_change(self, sandbox: Sandbox) -> None:
        """An IPv6 address has several; what kubeadm makes of them counts."""
        done = self.served(sandbox, "echo '    DNS:KUBERNETES, DNS:node-1' | tee /run/names >/run/wanted-names")
        assert done.status == 0, done.error
        assert not did(done, "upload-config")
        assert "old" in done.seen

    def test_half_a_pair_is_made_anew(self, sandbox: Sandbox) -> None:
        """Interrupted between the two files: it is mended before the API server has to answer."""
        other = "*-pubkey*) echo one ;; *-pubout*) cat /etc/kubernetes/pki/apiserver.key ;;"
        done = self.served(sandbox, "echo '    DNS:node-1, DNS:kubernetes' | tee /run/names >/run/wanted-names", other)
        assert done.status == 0, done.error
        in_order(done, "certs apiserver", "curl -sS")
        assert not did(done, "upload-config")
        assert "old" not in done.seen

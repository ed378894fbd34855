"""scripts/aws/tokens.py and the step that installs it: a token is kept, and nodes without a machine are removed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aws_api
import pytest
import tokens

from components import elastic, remote
from components.render import elastic as rendered
from tests.unit.sandbox import Sandbox

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Cluster:
    """An API server that keeps Secrets and Nodes."""

    def __init__(self) -> None:
        self.secrets: dict[str, dict[str, Any]] = {}
        self.nodes: list[dict[str, Any]] = []
        self.called: list[str] = []

    def kube(self, *words: str, given: str = "") -> str:
        """Do what kubectl is asked."""
        self.called.append(" ".join(words))
        match words:
            case ("get", "secrets", "-n", "kube-system", "-l", "kubeadm-ha/elastic=token", "-o", "json"):
                return json.dumps({"items": list(self.secrets.values())})
            case ("get", "nodes", "-l", "kubeadm-ha/elastic", "-o", "json"):
                return json.dumps({"items": self.nodes})
            case ("create", "-f", "-"):
                made = json.loads(given)
                self.secrets[made["metadata"]["name"]] = made
            case ("delete", "secret", "-n", "kube-system", name, "--ignore-not-found"):
                del self.secrets[name]
            case ("annotate", "secret", "-n", "kube-system", name, text):
                key, value = text.split("=")
                self.secrets[name]["metadata"]["annotations"] = {key: value}
            case ("delete", "node", name, "--ignore-not-found"):
                self.nodes = [node for node in self.nodes if node["metadata"]["name"] != name]
            case _:
                raise AssertionError(words)
        return ""


class Cloud(aws_api.Aws):
    """An account that has a parameter and some machines."""

    def __init__(self, **machines: str) -> None:
        super().__init__("eu-central-1", aws_api.Machine())
        object.__setattr__(self, "put", [])
        object.__setattr__(self, "asked", [])
        object.__setattr__(self, "machines", machines)

    put: list[str]
    asked: list[dict[str, str]]
    machines: dict[str, str]

    def put_parameter(self, name: str, value: str) -> None:
        """Keep the value."""
        assert name == "/p"
        self.put.append(value)

    def ec2(self, action: str, **given: str) -> str:
        """Answer with machines of the numbers that are asked for."""
        assert action == "DescribeInstances"
        self.asked.append(given)
        wanted = {value for key, value in given.items() if ".Value." in key}
        items = "".join(
            f"<item><instanceId>{i}</instanceId><instanceState><code>0</code><name>{s}</name></instanceState>"
            "<tagSet><item><key>a</key><value>b</value></item></tagSet></item>"
            for i, s in self.machines.items()
            if i in wanted
        )
        return (
            '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item>'
            f"<instancesSet>{items}</instancesSet></item></reservationSet></DescribeInstancesResponse>"
        )


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Return a cluster that kubectl talks to."""
    made = Cluster()
    monkeypatch.setattr(tokens, "kube", made.kube)
    return made


def test_a_token_is_made_and_given_out(cluster: Cluster) -> None:
    """As Kubernetes knows them, of our group alone, good for nothing but to log in, and for some hours."""
    aws = Cloud()
    tokens.renew(aws, "/p", NOW)
    (secret,) = cluster.secrets.values()
    data = secret["stringData"]
    assert aws.put == [f"{data['token-id']}.{data['token-secret']}"]
    assert secret["type"] == "bootstrap.kubernetes.io/token"
    assert secret["metadata"]["name"] == f"bootstrap-token-{data['token-id']}"
    assert (len(data["token-id"]), len(data["token-secret"])) == (6, 16)
    assert data["auth-extra-groups"] == rendered.GROUP
    assert data["expiration"] == "2026-11-21T16:00:00Z"
    assert {key for key in data if key.startswith("usage")} == {"usage-bootstrap-authentication"}
    assert not [call for call in cluster.called if data["token-secret"] in call], "no secret in a command"


def test_a_token_is_renewed_at_half_its_life(cluster: Cluster) -> None:
    """Whoever comes in between, on whichever control plane, does nothing."""
    aws = Cloud()
    assert not cluster.secrets
    for minutes in (0, 1, 60, 119):
        tokens.renew(aws, "/p", NOW + timedelta(minutes=minutes))
    assert len(aws.put) == 1
    tokens.renew(aws, "/p", NOW + timedelta(minutes=121))
    assert len(set(aws.put)) == 2


def test_a_token_that_nobody_got_is_taken_back(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be worth something to nobody but a thief; the next run makes another one."""
    aws = Cloud()

    def refused(*_: str) -> None:
        raise aws_api.AwsError("PutParameter: 400")

    with monkeypatch.context() as patched:
        patched.setattr(Cloud, "put_parameter", refused)
        with pytest.raises(aws_api.AwsError):
            tokens.renew(aws, "/p", NOW)
    assert not cluster.secrets
    tokens.renew(aws, "/p", NOW)
    assert len(aws.put) == 1


def node(name: str, ready: str) -> dict[str, Any]:
    """Return a node."""
    return {"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": ready}]}}


def test_a_node_whose_machine_is_gone_is_removed(cluster: Cluster) -> None:
    """Not one that answers, not one whose machine is there, and never one of another name."""
    gone, ended, there, well = (
        "i-0aaaaaaaaaaaaaaaa",
        "i-0bbbbbbbbbbbbbbbb",
        "i-0cccccccccccccccc",
        "i-0dddddddddddddddd",
    )
    aws = Cloud(**{ended: "terminated", there: "running"})
    cluster.nodes = [
        node(f"burst-{gone}", "Unknown"),
        node(f"burst-{ended}", "False"),
        node(f"burst-{there}", "Unknown"),
        node(f"burst-{well}", "True"),
        node("default-1", "Unknown"),
    ]
    tokens.prune(aws)
    assert [n["metadata"]["name"] for n in cluster.nodes] == [f"burst-{there}", f"burst-{well}", "default-1"]
    assert aws.asked == [
        {
            "Filter.1.Name": "instance-id",
            "Filter.1.Value.1": gone,
            "Filter.1.Value.2": ended,
            "Filter.1.Value.3": there,
        }
    ]


def test_aws_is_asked_of_silent_nodes_alone(cluster: Cluster) -> None:
    """As long as all is well, which is nearly always, nothing is asked."""
    aws = Cloud()
    cluster.nodes = [node("burst-i-0aaaaaaaaaaaaaaaa", "True")]
    tokens.prune(aws)
    assert aws.asked == []


def test_the_one_is_done_although_the_other_fails(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the timer's unit is seen to have failed."""
    told = tmp_path / "tokens.json"
    told.write_text('{"region": "eu-central-1", "parameter": "/p"}')

    def refused(*_: Any) -> None:
        raise aws_api.AwsError("PutParameter: 400")

    monkeypatch.setattr(tokens, "renew", refused)
    monkeypatch.setattr("sys.argv", ["tokens.py", str(told)])
    assert tokens.main() == 1
    assert cluster.called == ["get nodes -l kubeadm-ha/elastic -o json"]
    assert capsys.readouterr().err == "error: PutParameter: 400\n"


STEP = {"REGION": "eu-central-1", "PARAMETER": "/kubeadm-ha/prod/join-token"}
FILES = {
    "aws_api.py": (remote.SCRIPTS / "aws/aws_api.py").read_text(),
    "tokens.py": (remote.SCRIPTS / "aws/tokens.py").read_text(),
    "kubeadm-ha-tokens.service": elastic._SERVICE,
    "kubeadm-ha-tokens.timer": elastic._TIMER,
}
FOLDER = "/usr/local/lib/kubeadm-ha"


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a control plane."""
    made = Sandbox(tmp_path, before="mount -t tmpfs tmpfs /usr/local/lib; mkdir -p /etc/systemd/system")
    made.fakes = {"systemctl": "", "python3": ""}
    made.after = f"cat {FOLDER}/tokens.json; ls /etc/systemd/system {FOLDER}; ls -l {FOLDER}"
    return made


def test_a_control_plane_keeps_a_timer(sandbox: Sandbox) -> None:
    """With what it needs beside it, started at once: what fails then is seen by who runs `up`."""
    done = sandbox.script("keep-tokens", STEP, FILES)
    assert done.status == 0, done.error
    assert done.calls == [
        "systemctl daemon-reload",
        "systemctl enable --now kubeadm-ha-tokens.timer",
        "systemctl start kubeadm-ha-tokens.service",
    ]
    assert json.loads(done.seen.splitlines()[0]) == {
        "region": "eu-central-1",
        "parameter": "/kubeadm-ha/prod/join-token",
    }
    for name in FILES:
        assert name in done.seen


def test_a_timer_that_is_there_is_left_alone(sandbox: Sandbox) -> None:
    """Systemd is told of units that are new alone."""
    for name in ("service", "timer"):
        (sandbox.folder / name).write_text(FILES[f"kubeadm-ha-tokens.{name}"])
        sandbox.before += f"; install -m 644 {sandbox.folder}/{name} /etc/systemd/system/kubeadm-ha-tokens.{name}"
    done = sandbox.script("keep-tokens", STEP, FILES)
    assert "systemctl daemon-reload" not in done.calls


def test_what_cannot_give_out_a_token_is_told(sandbox: Sandbox) -> None:
    """A control plane without the right would leave the pool without machines, some day."""
    sandbox.fakes["systemctl"] = 'case "$*" in start*) exit 1 ;; esac'
    sandbox.fakes["journalctl"] = "echo 'error: PutParameter: 400 AccessDenied'"
    script = (remote.SCRIPTS / "keep-tokens.sh").read_text().replace("wait_for 120", "wait_for 0")
    done = sandbox.step(script, STEP, FILES)
    assert done.status == 1
    assert "| error: PutParameter: 400 AccessDenied" in done.error
    assert "giving out a token did not happen within 0 s" in done.error


def test_a_right_that_was_just_given_is_waited_for(sandbox: Sandbox) -> None:
    """AWS says no for some seconds still: a pool that is added to a cluster that runs would fail at it."""
    sandbox.fakes["systemctl"] = (
        'case "$*" in start*) mkdir /run/asked 2>/dev/null && exit 1 || rmdir /run/asked ;; esac'
    )
    sandbox.fakes["journalctl"] = sandbox.fakes["sleep"] = ""
    done = sandbox.script("keep-tokens", STEP, FILES)
    assert done.status == 0, done.error
    assert done.calls.count("systemctl start kubeadm-ha-tokens.service") == 2


def test_the_timer_ends(sandbox: Sandbox) -> None:
    """Without a trace, also where it never was."""
    sandbox.before += f"; touch /etc/systemd/system/kubeadm-ha-tokens.timer; mkdir {FOLDER}"
    done = sandbox.script("forget-tokens", {})
    assert done.status == 0, done.error
    assert done.calls == ["systemctl disable --now kubeadm-ha-tokens.timer", "systemctl daemon-reload"]
    assert "tokens" not in done.seen.replace(f"{FOLDER}/tokens.json", "")

"""Something that answers as AWS, and the stand-in for Pulumi's AWS plugin, each as a process of its own."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from lab.aws.wire import Values, decode, encode
from lab.builder import programs

REGION = "eu-central-1"
ZONES = [f"{REGION}{letter}" for letter in "abc"]
#: Credentials that open nothing: what is asked is moto, on loopback.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}


def stand_in() -> Path:
    """Return the folder of the stand-in that the engine runs."""
    program = next(program for program in programs.programs() if program.name == "resource-aws")
    assert program.is_built(), "no stand-in for AWS of this tree: run lab/build --engine"
    return program.folder


@dataclass(frozen=True)
class Api:
    """Where AWS answers."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What boto3, and the real plugin as well, take from the environment."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, **CREDENTIALS}

    def reset(self) -> None:
        """Forget all that was made."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        connection.request("POST", "/moto-api/reset")
        assert connection.getresponse().status == 200
        connection.close()

    def left(self) -> list[str]:
        """Return what somebody has made and not deleted."""
        return self.ask("lab.aws.left").split()

    def ask(self, module: str, *words: str) -> str:
        """Return what a module of the stand-in prints."""
        command = [str(stand_in() / "python"), "-m", module, *words]
        environment = {"PATH": os.environ["PATH"], **self.environment}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def call(self, service: str, call: str, **arguments: Any) -> Any:
        """Return the answer to one call."""
        return json.loads(self.ask("lab.aws.ask", service, call, json.dumps(arguments)))


@contextmanager
def api(*options: str) -> Iterator[Api]:
    """Start moto on loopback."""
    with serving("lab.aws.api", *options) as port:
        yield Api(f"http://127.0.0.1:{port}")


@contextmanager
def serving(module: str, *options: str) -> Iterator[int]:
    """Start a module of the stand-in that listens on a port of loopback; the rest of its words follow."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(stand_in() / "python"), "-m", module, "127.0.0.1", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _await(port, process)
            yield port
        finally:
            process.kill()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "it has ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("it does not answer")


@dataclass
class Plugin:
    """The stand-in, called as the engine calls it."""

    stub: Any
    seeds: Iterator[int] = field(default_factory=itertools.count)

    def check(self, token: str, inputs: Values, before: Values | None = None) -> tuple[Values, dict[str, str]]:
        """Return the inputs with defaults and names, and what is wrong with them."""
        answer = self.stub.Check(
            provider_pb2.CheckRequest(
                urn=_urn(token),
                olds=encode(before or {}),
                news=encode(inputs),
                randomSeed=next(self.seeds).to_bytes(8, "little"),
            )
        )
        return decode(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def create(self, token: str, inputs: Values, *, preview: bool = False) -> tuple[str, Values]:
        """Return the id and the state of a resource that is made of checked inputs."""
        answer = self.stub.Create(
            provider_pb2.CreateRequest(urn=_urn(token), properties=encode(inputs), preview=preview)
        )
        return answer.id, decode(answer.properties)

    def diff(self, token: str, before: Values, after: Values) -> tuple[set[str], set[str]]:
        """Return which inputs differ, and for which of them the resource is made anew."""
        answer = self.stub.Diff(
            provider_pb2.DiffRequest(
                urn=_urn(token), id="id", olds=encode(before), old_inputs=encode(before), news=encode(after)
            )
        )
        return set(answer.diffs), set(answer.replaces)

    def update(self, token: str, id_: str, state: Values, before: Values, after: Values) -> Values:
        """Return the state of a resource that was changed in place."""
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                urn=_urn(token), id=id_, olds=encode(state), old_inputs=encode(before), news=encode(after)
            )
        )
        return decode(answer.properties)

    def read(self, token: str, id_: str, state: Values, inputs: Values) -> tuple[Values, Values] | None:
        """Return state and inputs as they are now, or None when it is gone."""
        answer = self.stub.Read(
            provider_pb2.ReadRequest(urn=_urn(token), id=id_, properties=encode(state), inputs=encode(inputs))
        )
        return (decode(answer.properties), decode(answer.inputs)) if answer.id else None

    def delete(self, token: str, id_: str, state: Values) -> None:
        """End a resource."""
        self.stub.Delete(provider_pb2.DeleteRequest(urn=_urn(token), id=id_, properties=encode(state)))

    def invoke(self, token: str, **arguments: Any) -> Values:
        """Return what a function answers."""
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=encode(arguments)))
        assert not answer.failures, answer.failures
        return decode(getattr(answer, "return"))


def _urn(token: str) -> str:
    return f"urn:pulumi:dev::kubeadm-ha::{token}::sample"


@contextmanager
def plugin(api: Api, **settings: str) -> Iterator[Plugin]:
    """Start the stand-in as the engine does, and configure it."""
    command = [str(stand_in() / "bin" / "pulumi-resource-aws"), "127.0.0.1:1"]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **api.environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                stub.Configure(provider_pb2.ConfigureRequest(args=encode({"region": REGION, **settings})))
                yield Plugin(stub)
        finally:
            process.kill()

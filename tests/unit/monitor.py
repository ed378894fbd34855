"""A monitor that answers as the providers would and writes down every registration: order, options, secrets."""

from __future__ import annotations

import json
import runpy
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import mocks, proto, rpc, settings, stack, sync_await
from pulumi.runtime.config import set_all_config

from tests.unit import certificates

TREE = Path(__file__).resolve().parents[2]
COMMAND = "command:remote:Command"
_SIGNATURE = rpc._special_sig_key
_SECRET = rpc._special_secret_sig


@dataclass(frozen=True)
class Secret:
    """A value that was marked secret."""

    value: Any


@dataclass
class Resource:
    """One registration."""

    urn: str
    name: str
    """The resource's name; a component's has its class before it: `LoadBalancer dev`."""
    type: str
    custom: bool
    inputs: dict[str, Any]
    """As registered; secrets wrapped in Secret at the place where they were marked."""
    parent: str
    depends: frozenset[str]
    """URNs of what is depended on directly."""
    options: Any
    """The request itself: protect, ignoreChanges, retainOnDelete, deleteBeforeReplace, aliases …"""
    state: dict[str, Any] = field(default_factory=dict)
    """Outputs; those of a component are what it registered."""

    def plain(self, key: str) -> Any:
        """Return an input with every Secret taken off."""
        return revealed(self.inputs.get(key))

    def is_secret(self, key: str) -> bool:
        """Return whether the whole input is a secret."""
        return isinstance(self.inputs.get(key), Secret)


class Recording(mocks.MockMonitor):
    """Records registrations and answers with realistic outputs, secret where the providers' are."""

    def __init__(self, *, unknown: bool = False) -> None:
        super().__init__(_NoMocks())
        self.recorded: dict[str, Resource] = {}
        self._unknown = unknown

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Record a registration; reply with the outputs of its provider."""
        urn = self.make_urn(request.parent, request.type, request.name)
        inputs = {key: _read(value) for key, value in request.object.fields.items()}
        name = request.name if request.custom else f"{request.type.rpartition(':')[2]} {request.name}"
        resource = Resource(
            urn=urn,
            name=name,
            type=request.type,
            custom=request.custom,
            inputs=inputs,
            parent=request.parent,
            depends=frozenset(request.dependencies),
            options=request,
        )
        assert urn not in self.recorded, f"two resources are {urn}"
        self.recorded[urn] = resource
        if request.custom and not self._unknown:
            made = _outputs(resource, {k: revealed(v) for k, v in inputs.items()})
            hidden = set(request.additionalSecretOutputs) | {k for k, v in inputs.items() if has_secret(v)}
            # The plugin's outputs depend on all of its inputs, so one secret input hides each of them.
            hidden |= {"stdout", "stderr"} if resource.type == COMMAND and hidden else set()
            state = inputs | {k: Secret(v) if k in hidden else v for k, v in made.items()}
            resource.state = state
        properties = {key: _write(value) for key, value in resource.state.items()}
        return proto.resource_pb2.RegisterResourceResponse(
            urn=urn, id=f"id of {name}" if request.custom else "", object=struct_pb2.Struct(fields=properties)
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Record what a component gave out."""
        state = {key: _read(value) for key, value in request.outputs.fields.items()}
        self.recorded[request.urn].state = state
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


class _NoMocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"the program asked for {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise AssertionError(f"{args.name} came by another way")


class Program:
    """What a program registered, by name."""

    def __init__(self, monitor: Recording) -> None:
        self._by_urn = monitor.recorded
        self.resources = {resource.name: resource for resource in monitor.recorded.values()}
        assert len(self.resources) == len(self._by_urn), "two resources have the same name"

    def __getitem__(self, name: str) -> Resource:
        return self.resources[name]

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources.values())

    @property
    def commands(self) -> dict[str, Resource]:
        """The steps that run on hosts, by name."""
        return {r.name: r for r in self if r.type == COMMAND}

    @property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        return next(r for r in self if r.type == "pulumi:pulumi:Stack").state

    def parent(self, name: str) -> str:
        """Return the name of a resource's parent."""
        return self._by_urn[self[name].parent].name

    def depends(self, name: str) -> set[str]:
        """Return the names of what a resource depends on directly."""
        return {self._by_urn[urn].name for urn in self[name].depends}

    def waits_for(self, name: str) -> set[str]:
        """Return the names of all that must be done before a resource begins."""
        found: set[str] = set()
        todo = self.depends(name)
        while todo:
            found |= todo
            todo = set().union(*(self.depends(n) for n in todo)) - found
        return found

    def host_steps_before(self, name: str) -> set[str]:
        """Return the names of the steps on hosts that must be done before a resource begins."""
        return self.waits_for(name) & set(self.commands)


def run_program(cluster: Mapping[str, Any], *, preview: bool = False) -> Program:
    """Run __main__.py with a cluster file; with `preview`, as a first preview does: every output is unknown."""
    settled = {"kubeadm-ha:cluster": json.dumps(cluster)}
    return run(lambda: runpy.run_path(str(TREE / "__main__.py")), settled, preview=preview)


def run(program: Callable[[], Any], config: dict[str, str] | None = None, *, preview: bool = False) -> Program:
    """Run a function as a Pulumi program and return what it registered. Raises what the program raises."""
    monitor = Recording(unknown=preview)
    settings.set_root_resource(None)  # type: ignore[arg-type]  # as at the start of a process
    given = {"monitor": monitor, "engine": mocks.MockEngine(None), "project": "kubeadm-ha", "stack": "test"}
    settings.configure(mocks.MockSettings(**given, dry_run=preview))  # type: ignore[no-untyped-call]
    set_all_config(config or {})

    def main() -> None:
        program()

    sync_await._sync_await(stack.run_in_stack(main))
    return Program(monitor)


def has_secret(value: Any) -> bool:
    """Return whether a value is a secret or holds one."""
    match value:
        case Secret():
            return True
        case dict():
            return any(map(has_secret, value.values()))
        case list():
            return any(map(has_secret, value))
    return False


def revealed(value: Any) -> Any:
    """Return a value with every Secret taken off."""
    match value:
        case Secret():
            return revealed(value.value)
        case dict():
            return {k: revealed(v) for k, v in value.items()}
        case list():
            return [revealed(v) for v in value]
    return value


def visible(value: Any) -> Iterator[str]:
    """Yield every text in a value that is not secret."""
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield key
                yield from visible(inner)
        case list():
            for inner in value:
                yield from visible(inner)


def unpacked(text: str) -> dict[str, str]:
    """Return the files of a step's standard input."""
    rest, files = text.encode(), {}
    while rest:
        head, _, rest = rest.partition(b"\n")
        name, size = head.decode().rsplit(" ", 1)
        files[name], rest = rest[: int(size)].decode(), rest[int(size) :]
    files.pop(".", None)  # the mark at the end, where there is one
    return files


def words_of(line: str) -> dict[str, str]:
    """Return the inputs that a command line gives to its script."""
    words = shlex.split(line)
    assert words[0] == "exec"
    start = words.index("-c") + 3
    return dict(word.split("=", 1) for word in words[start:])


def _outputs(resource: Resource, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return what the provider adds to the inputs."""
    name = resource.name
    match resource.type:
        case "tls:index/privateKey:PrivateKey":
            return {
                "privateKeyPem": certificates.private_pem(name),
                "publicKeyPem": certificates.public_pem(name),
            }
        case "tls:index/selfSignedCert:SelfSignedCert":
            pem = certificates.authority_pem(inputs["privateKeyPem"], inputs["subject"]["commonName"])
            return {"certPem": pem, "validityEndTime": "2035-06-13T15:06:40Z"}
        case "tls:index/certRequest:CertRequest":
            who = certificates.subject(inputs["subject"]["commonName"], inputs["subject"]["organization"])
            return {"certRequestPem": certificates.request_pem(inputs["privateKeyPem"], who)}
        case "tls:index/locallySignedCert:LocallySignedCert":
            pem = certificates.signed_pem(inputs["certRequestPem"], inputs["caCertPem"], inputs["caPrivateKeyPem"])
            return {"certPem": pem, "validityEndTime": "2026-06-15T15:06:40Z"}
        case "command:remote:Command":
            script = words_of(inputs["create"])["STEP"]
            printed = {"join-control-plane": '{"apiserver": "2026-06-15T15:06:40Z"}\n'}.get(script, "")
            if script == "prepare-node":
                printed = certificates.prepared(words_of(inputs["create"])["NODE_NAME"])
            return {"stdout": printed, "stderr": ""}
    raise AssertionError(f"{resource.type} is a new kind of resource: say here what its provider answers")


def _read(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            fields = value.struct_value.fields
            if _SIGNATURE in fields and fields[_SIGNATURE].string_value == _SECRET:
                return Secret(_read(fields["value"]))
            return {key: _read(inner) for key, inner in fields.items()}
        case "list_value":
            return [_read(inner) for inner in value.list_value.values]
        case "string_value":
            return value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
    return None


def _write(value: Any) -> struct_pb2.Value:
    result = struct_pb2.Value()
    match value:
        case Secret():
            fields = {_SIGNATURE: struct_pb2.Value(string_value=_SECRET), "value": _write(value.value)}
            result.struct_value.CopyFrom(struct_pb2.Struct(fields=fields))
        case dict():
            inner = {key: _write(v) for key, v in value.items()}
            result.struct_value.CopyFrom(struct_pb2.Struct(fields=inner))
        case list():
            result.list_value.CopyFrom(struct_pb2.ListValue(values=[_write(v) for v in value]))
        case bool():
            result.bool_value = value
        case str():
            result.string_value = value
        case int() | float():
            result.number_value = value
        case None:
            result.null_value = struct_pb2.NULL_VALUE
    return result

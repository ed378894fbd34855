"""A monitor that answers as the providers would and writes down every registration: order, options, secrets."""

from __future__ import annotations

import base64
import gc
import io
import json
import runpy
import tarfile
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import mocks, proto, settings, sync_await
from pulumi.runtime.config import set_all_config
from pulumi.runtime.stack import run_in_stack

from tests.unit import answers, cloud
from tests.unit.answers import words_of as words_of
from tests.unit.wire import Secret, has_secret, read, revealed, write

TREE = Path(__file__).resolve().parents[2]
COMMAND = "command:remote:Command"
ITSELF = "organization/kubeadm-ha/test"


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

    def __init__(
        self,
        *,
        unknown: bool = False,
        deployed: Mapping[str, Any] | None = None,
        silent: Container[str] = (),
        others: Mapping[str, Mapping[str, Any]] | None = None,
        stack: str = ITSELF,
    ) -> None:
        super().__init__(_NoMocks())
        self.recorded: dict[str, Resource] = {}
        self.asked: list[str] = []
        """Stacks whose outputs the program asked for."""
        self.questions: list[tuple[str, dict[str, Any]]] = []
        """What was asked of an account in AWS."""
        self.referred: list[str] = []
        """Stacks that the state says it stands on."""
        self.registered_before_asking = False
        self._unknown = unknown
        self._deployed = deployed or {}
        self._silent = silent
        self._others = {stack: self._deployed, **(others or {})}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Record a registration; reply with the outputs of its provider."""
        urn = self.make_urn(request.parent, request.type, request.name)
        inputs = {key: read(value) for key, value in request.object.fields.items()}
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
            made = answers.outputs(resource.type, name, {k: revealed(v) for k, v in inputs.items()})
            if name in self._silent:
                made = {"stdout": "", "stderr": ""}
            hidden = set(request.additionalSecretOutputs) | {k for k, v in inputs.items() if has_secret(v)}
            # The plugin's outputs depend on all of its inputs, so one secret input hides each of them.
            hidden |= {"stdout", "stderr"} if resource.type == COMMAND and hidden else set()
            state = inputs | {k: Secret(v) if k in hidden else v for k, v in made.items()}
            resource.state = state
        properties = {key: write(value) for key, value in resource.state.items()}
        return proto.resource_pb2.RegisterResourceResponse(
            urn=urn, id=f"id of {name}" if request.custom else "", object=struct_pb2.Struct(fields=properties)
        )

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Answer for the outputs of the stack's last update, and for an account in AWS: nothing else may be asked."""
        if request.tok.startswith("aws:"):
            return self._of_account(request)
        assert request.tok == "pulumi:pulumi:readStackOutputs", request.tok
        name = read(request.args.fields["name"])
        self.asked.append(name)
        self.registered_before_asking |= any(r.type != "pulumi:pulumi:Stack" for r in self.recorded.values())
        if name not in self._others:
            failure = proto.provider_pb2.CheckFailure(reason=f'unknown stack "{name}"')
            return proto.provider_pb2.InvokeResponse(failures=[failure])
        return _invoked({"name": name, "outputs": dict(self._others[name]), "secretOutputNames": []})

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Answer for another stack; its outputs are read by nobody."""
        assert request.type == "pulumi:pulumi:StackReference", request.type
        self.referred.append(read(request.properties.fields["name"]))
        urn = self.make_urn(request.parent, request.type, request.name)
        return proto.resource_pb2.ReadResourceResponse(urn=urn, properties=struct_pb2.Struct())

    def _of_account(self, request: Any) -> Any:
        given = {key: revealed(read(value)) for key, value in request.args.fields.items()}
        self.questions.append((request.tok, given))
        try:
            return _invoked(cloud.answer(request.tok, given))
        except cloud.NotThereError as error:
            failure = proto.provider_pb2.CheckFailure(reason=str(error))
            return proto.provider_pb2.InvokeResponse(failures=[failure])

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Record what a component gave out."""
        state = {key: read(value) for key, value in request.outputs.fields.items()}
        self.recorded[request.urn].state = state
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def _invoked(answer: Mapping[str, Any]) -> Any:
    fields = {key: write(value) for key, value in answer.items()}
    return proto.provider_pb2.InvokeResponse(**{"return": struct_pb2.Struct(fields=fields)})


class _NoMocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"the program asked for {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise AssertionError(f"{args.name} came by another way")


class Program:
    """What a program registered, by name."""

    def __init__(self, monitor: Recording) -> None:
        self._by_urn = monitor.recorded
        self.asked, self.questions, self.referred = monitor.asked, monitor.questions, monitor.referred
        self.asked_first = not monitor.registered_before_asking
        """Whether it asked before it registered anything."""
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


def run_program(
    cluster: Mapping[str, Any],
    *,
    preview: bool = False,
    deployed: Mapping[str, Any] | None = None,
    silent: Container[str] = (),
    keys: Mapping[str, str] | None = None,
    others: Mapping[str, Mapping[str, Any]] | None = None,
    stack: str = ITSELF,
) -> Program:
    """Run __main__.py with a cluster file; with `preview`, as a first preview does: every output is unknown.

    `deployed` is the outputs of the stack's last update; the steps named in `silent` print nothing.
    `keys` are further ones of the stack, `others` the outputs of other stacks.
    """
    settled = {"kubeadm-ha:cluster": json.dumps(cluster)} | {f"kubeadm-ha:{k}": v for k, v in (keys or {}).items()}
    known: dict[str, Any] = {
        "preview": preview,
        "deployed": deployed,
        "silent": silent,
        "others": others,
        "stack": stack,
    }
    return run(lambda: runpy.run_path(str(TREE / "__main__.py")), settled, **known)


def run(
    program: Callable[[], Any],
    config: dict[str, str] | None = None,
    *,
    preview: bool = False,
    deployed: Mapping[str, Any] | None = None,
    silent: Container[str] = (),
    others: Mapping[str, Mapping[str, Any]] | None = None,
    stack: str = ITSELF,
) -> Program:
    """Run a function as a Pulumi program and return what it registered. Raises what the program raises."""
    monitor = Recording(unknown=preview, deployed=deployed, silent=silent, others=others, stack=stack)
    settings.set_root_resource(None)  # type: ignore[arg-type]  # as at the start of a process
    given: dict[str, Any] = {"monitor": monitor, "engine": mocks.MockEngine(None), "project": "kubeadm-ha"}
    given |= {"stack": stack.rpartition("/")[2], "organization": "organization", "dry_run": preview}
    settings.configure(mocks.MockSettings(**given))  # type: ignore[no-untyped-call]
    set_all_config(config or {})

    def main() -> None:
        program()

    try:
        sync_await._sync_await(run_in_stack(main))
    finally:
        gc.enable()  # the program turns it off, and these tests run it a hundred times
    return Program(monitor)


def unpacked(text: str) -> dict[str, str]:
    """Return the files of a step's standard input."""
    first, _, rest = text.encode().partition(b"\n")
    rest, files = rest[int(first or 0) :], {}  # what unpacks the rest comes first
    while rest:
        head, _, rest = rest.partition(b"\n")
        name, size = head.decode().rsplit(" ", 1)
        files[name], rest = rest[: int(size)].decode(), rest[int(size) :]
    files.pop(".", None)  # the mark at the end, where there is one
    scripts = files.pop("scripts", None)
    if scripts:
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(scripts)), mode="r:gz") as tar:
            read = {name: tar.extractfile(name) for name in tar.getnames()}
            files = {name: file.read().decode() for name, file in read.items() if file} | files
    return files

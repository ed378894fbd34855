"""The plugin's side of the engine's protocol."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, TypeVar

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from lab.aws.cloud import Cloud, said
from lab.aws.kind import Kind
from lab.aws.kinds import TABLE
from lab.aws.lookups import LOOKUPS, AwsLookupError
from lab.aws.settings import PROVIDER, cloud_of
from lab.aws.shape import faults
from lab.aws.wire import UNKNOWN, Values, decode, encode, unknown_in

VERSION = "7.51.1"
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _answering(method: _Method) -> _Method:
    """Turn what a call of the cloud raises into an error of the protocol: one sentence, no traceback."""

    @functools.wraps(method)
    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except Exception as error:
            context.abort(grpc.StatusCode.UNKNOWN, f"stand-in for AWS: {said(error)}")

    return answer  # type: ignore[return-value]


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one provider of a stack: a region, and the credentials of the environment."""

    def __init__(self) -> None:
        super().__init__()
        self._cloud: Cloud | None = None

    @property
    def cloud(self) -> Cloud:
        """The API; it is known once the engine has configured the provider."""
        if self._cloud is None:
            raise AwsLookupError("the provider has no region; set aws:region, or AWS_REGION")
        return self._cloud

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "aws", "version": VERSION}))

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return _checked(decode(request.news), list(faults(PROVIDER, _read_json(decode(request.news)))))

    def DiffConfig(self, request: Any, context: Any) -> Any:
        old, new = decode(request.old_inputs) or decode(request.olds), decode(request.news)
        changed = sorted(name for name in {*old, *new} - {"version"} if old.get(name) != new.get(name))
        replaces = [name for name in changed if name == "region"]
        return _difference(dict.fromkeys(changed, "update"), replaces)

    @_answering
    def Configure(self, request: Any, context: Any) -> Any:
        given = _read_json(decode(request.args))
        if not unknown_in(given):
            self._cloud = cloud_of(given)
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    @_answering
    def Check(self, request: Any, context: Any) -> Any:
        kind = _kind(request)
        given, before = decode(request.news), decode(request.olds)
        values, wrong = kind.checked(given, before, request.name or _name(request.urn), request.randomSeed)
        return _checked(values, wrong)

    @_answering
    def Diff(self, request: Any, context: Any) -> Any:
        kind, after = _kind(request), decode(request.news)
        changed = kind.changes(decode(request.old_inputs) or decode(request.olds), after)
        return _difference(changed, kind.replacing(changed, after))

    @_answering
    def Create(self, request: Any, context: Any) -> Any:
        kind, inputs = _kind(request), decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(kind.expected(inputs)))
        id_ = kind.create(self.cloud, inputs)
        try:
            kind.settle(self.cloud, id_, inputs)
            found = self._seen(kind, id_, inputs)
        except BaseException:
            kind.delete(self.cloud, id_, inputs)
            raise
        return provider_pb2.CreateResponse(id=id_, properties=encode(found))

    @_answering
    def Read(self, request: Any, context: Any) -> Any:
        kind = _kind(request)
        inputs, state = decode(request.inputs), decode(request.properties)
        found = kind.read(self.cloud, request.id, inputs or state)
        if found is None:
            return provider_pb2.ReadResponse()
        now = kind.drifted(inputs, found)
        return provider_pb2.ReadResponse(
            id=request.id, properties=encode(state | now | _known(found)), inputs=encode(now)
        )

    @_answering
    def Update(self, request: Any, context: Any) -> Any:
        kind, after = _kind(request), decode(request.news)
        before = decode(request.old_inputs) or decode(request.olds)
        if request.preview:
            other = dict.fromkeys(kind.stirred, UNKNOWN)
            return provider_pb2.UpdateResponse(properties=encode(decode(request.olds) | after | other))
        # Several properties may change by one call.
        calls = dict.fromkeys(kind.updates[name] for name in kind.changes(before, after))
        for change in calls:
            change(self.cloud, request.id, before, after)
        return provider_pb2.UpdateResponse(properties=encode(self._seen(kind, request.id, after)))

    @_answering
    def Delete(self, request: Any, context: Any) -> Any:
        _kind(request).delete(self.cloud, request.id, decode(request.properties))
        return empty_pb2.Empty()

    @_answering
    def Invoke(self, request: Any, context: Any) -> Any:
        lookup, arguments = LOOKUPS.get(request.tok), decode(request.args)
        if lookup is None:
            raise AwsLookupError(f"{request.tok} is no function that the stand-in knows")
        wrong = list(faults(lookup.arguments, arguments))
        if wrong:
            failures = [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in wrong]
            return provider_pb2.InvokeResponse(failures=failures)
        found = {"id": self.cloud.region, **arguments, **_known(lookup.answer(self.cloud, arguments))}
        return provider_pb2.InvokeResponse(**{"return": encode({"region": self.cloud.region, **found})})

    def _seen(self, kind: Kind, id_: str, inputs: Values) -> Values:
        found = kind.read(self.cloud, id_, inputs)
        if found is None:
            raise AwsLookupError(f"{id_} is gone as soon as it was there")
        return {"region": self.cloud.region} | inputs | _known(found)


def _kind(request: Any) -> Kind:
    token = request.type or request.urn.split("::")[2].rpartition("$")[2]
    if token not in TABLE:
        raise AwsLookupError(f"{token} is no type of resource that it knows; add it to lab/aws/kinds")
    return TABLE[token]


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _known(values: Values) -> Values:
    return {name: value for name, value in values.items() if value is not None}


def _read_json(values: Values) -> Values:
    """Return a provider's settings: on the wire all but texts are texts of JSON."""
    return {
        name: json.loads(value)
        if isinstance(value, str) and PROVIDER.get(name) and PROVIDER[name].form != "text"
        else value
        for name, value in values.items()
        if name not in ("version", "pluginDownloadURL") and value is not UNKNOWN
    }


def _checked(values: Values, wrong: list[tuple[str, str]]) -> Any:
    failures = [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in wrong]
    return provider_pb2.CheckResponse(inputs=encode(values), failures=failures)


def _difference(changed: dict[str, str], replaces: list[str]) -> Any:
    kinds = provider_pb2.PropertyDiff
    detailed = {
        name: kinds(kind=getattr(kinds, how.upper() + ("_REPLACE" if name in replaces else "")), inputDiff=True)
        for name, how in changed.items()
    }
    answer = provider_pb2.DiffResponse
    return answer(
        changes=answer.DIFF_SOME if changed else answer.DIFF_NONE,
        replaces=replaces,
        diffs=sorted(changed),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )

"""A plugin that stands in for the one of remote commands: it runs nothing and answers as hosts would.

With it a stack of a thousand hosts that do not exist can be brought up, so that there is something deployed to preview
changes of. Previews themselves are measured with the real plugin, or what the lab builds in its place.
"""

from __future__ import annotations

import json
import os
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.unit import certificates
from tests.unit.monitor import words_of
from tests.unit.wire import Secret, read, revealed, write

VERSION = "1.2.1"
#: The variable with the name of the file in which it is written down what would have been undone.
UNDONE = "KUBEADM_HA_UNDONE"
#: A stack of a thousand hosts has properties that are larger than gRPC's 4 MiB.
OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """Every input is right, every command succeeds at once."""

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Answer with a version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Accept what the provider is configured with."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """See no difference."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Take secrets as secrets."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Accept a command."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Return a command's inputs, and what it would have printed; secret as the connection is."""
        made = struct_pb2.Struct(fields=dict(request.properties.fields))
        create = revealed(read(request.properties.fields["create"]))
        made.fields["stdout"].CopyFrom(write(Secret(printed(words_of(create)))))
        made.fields["stderr"].CopyFrom(write(Secret("")))
        return provider_pb2.CreateResponse(id="command0123456789", properties=made)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """See a command that is another one: with other triggers it is made anew."""
        old, new = request.old_inputs.fields, request.news.fields
        changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        found = provider_pb2.DiffResponse
        how = found.DIFF_SOME if changed else found.DIFF_NONE
        return found(changes=how, diffs=changed, replaces=[name for name in changed if name == "triggers"])

    def Read(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Find a command as it was."""
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Keep what was printed, and take the new inputs."""
        kept = {name: request.olds.fields[name] for name in ("stdout", "stderr")}
        return provider_pb2.UpdateResponse(properties=struct_pb2.Struct(fields={**request.news.fields, **kept}))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Undo nothing; write down what would have been undone."""
        if UNDONE in os.environ and "delete" in request.properties.fields:
            step = words_of(revealed(read(request.properties.fields["delete"])))["STEP"]
            with Path(os.environ[UNDONE]).open("a") as log:
                log.write(f"{step}\n")
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Do nothing: nothing lasts."""
        return empty_pb2.Empty()


def printed(inputs: dict[str, str]) -> str:
    """Return what a host prints at the end of a step with these inputs."""
    match inputs.get("STEP"):
        case "prepare-node":
            return certificates.prepared(inputs["NODE_NAME"])
        case "join-control-plane":
            return json.dumps({"apiserver": "2035-06-15T15:06:40Z"}) + "\n"
    return ""


def main() -> None:
    """Serve on a port of the loopback, told to the engine on standard output, until killed."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Plugin(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()

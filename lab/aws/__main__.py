"""Serves the stand-in on a port of loopback, and says which."""

from __future__ import annotations

import sys
from concurrent import futures

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2_grpc

from lab.aws.provider import StandIn

#: User data and manifests make messages larger than gRPC takes by itself.
SIZES = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def main() -> None:
    """Serve till the engine ends this process."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=32), options=SIZES)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(StandIn(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main()

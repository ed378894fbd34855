"""The package mirror: files over HTTP/1.1, straight from the kernel's cache.

Usage: python -m lab.datacenter.mirror ADDRESS FOLDER
"""

from __future__ import annotations

import functools
import http.server
import sys
from typing import Any


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files; connections stay open, since apt asks for many files in a row."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send a file without copying it through Python: seven hosts download at once."""
        try:
            outputfile.flush()
            self.connection.sendfile(source)
        except AttributeError:
            super().copyfile(source, outputfile)  # a folder's listing is not a real file


class Server(http.server.ThreadingHTTPServer):
    """A thread for each connection."""

    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve until the process is ended."""
    address, folder = sys.argv[1:]
    handler = functools.partial(Handler, directory=folder)
    with Server((address, 80), handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()

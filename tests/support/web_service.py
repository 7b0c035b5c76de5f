"""A web service on this machine, for what is tested to send to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@contextmanager
def served(handler: type[BaseHTTPRequestHandler], path: str) -> Iterator[Any]:
    """A server with a port of its own, whose `url` ends with the path, and which logs no request.

    The handler keeps what came in `received`, and answers with what a test put in `answers`.
    """
    quiet = type("Quiet", (handler,), {"log_message": lambda *_args: None})
    with HTTPServer(("127.0.0.1", 0), quiet) as server:
        server.received, server.answers = [], []
        server.url = f"http://127.0.0.1:{server.server_port}/{path}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()

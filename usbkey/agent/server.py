"""Serves the agent on the loopback address alone; what is asked is never written to a log."""

import json
import os
from pathlib import Path

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

LOOPBACK = "127.0.0.1"


class Quiet(WSGIRequestHandler):
    """No log of requests: their addresses hold the tickets of windows."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Write nothing."""

    def version_string(self) -> str:
        """Say nothing of what serves."""
        return "usbkey-agent"


def bound(app: Flask, port: int) -> BaseWSGIServer:
    """Return a server on the loopback address; port 0 takes a free one. Raises OSError."""
    return make_server(LOOPBACK, port, app, threaded=True, request_handler=Quiet)


def announce(ready_file: Path, port: int) -> None:
    """Write where the agent listens, whole or not at all."""
    beside = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
    beside.write_text(
        json.dumps({"port": port, "url": f"http://{LOOPBACK}:{port}", "pid": os.getpid()}),
        encoding="utf-8",
    )
    beside.replace(ready_file)

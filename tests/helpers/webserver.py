# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server on this machine that hands out files, as well or badly as told."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web:
    """Paths and what they answer: (status, headers, body pieces). Use as a context manager."""

    def __init__(self, pages):
        pages_of, done = pages, threading.Event()
        self._done = done

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, headers, pieces = pages_of[self.path.partition("?")[0]]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for piece in pieces:
                        if isinstance(piece, float):
                            done.wait(piece)
                        else:
                            self.wfile.write(piece)
                except (BrokenPipeError, ConnectionResetError):
                    return  # The client had enough, which is what some tests are about.

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self.server.shutdown()
        self.server.server_close()

"""A hub of models on this machine, in the layout of the public one, that counts what it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

REVISION = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Files by `ORG/NAME/FILE`, under one revision; `asked` lists the files that were downloaded."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.asked, self.address = files, list[str](), ""

    @contextmanager
    def served(self) -> Iterator[Hub]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                repository, _, place = self.path.strip("/").partition("/resolve/")
                name = f"{repository}/{place.partition('/')[2]}"
                content = hub.files.get(name)
                self.send_response(404 if content is None else 200)
                if content is None:
                    self.send_header("X-Error-Code", "EntryNotFound")
                    content = b""
                else:
                    self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("X-Repo-Commit", REVISION)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command == "GET":
                    hub.asked.append(name)
                    self.wfile.write(content)

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

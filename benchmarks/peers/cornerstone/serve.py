"""The page and the images for Cornerstone3D: serve.py PAGE_FOLDER IMAGES; prints its port once it listens."""

import json
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

page, images = Path(sys.argv[1]), Path(sys.argv[2])


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0].rsplit("/", 1)[-1]
        return str(images / name if path.startswith("/images/") else page / (name or "index.html"))

    def do_GET(self) -> None:
        if self.path != "/list":
            super().do_GET()
            return
        content = json.dumps(sorted(path.name for path in images.iterdir())).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()

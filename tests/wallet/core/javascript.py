"""Runs the wallet's modules: in Node, and in pages of a small server with the wallet's own security policy."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.running import ROOT

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
FOLDERS = {
    "/wallet/core/": "wallet/core/",
    "/wallet/static/": "wallet/static/",
    "/wallet/lib/": "wallet/lib/",
    "/scanner/static/": "adapters/scanner/static/",
    "/tests/wallet/core/": "tests/wallet/core/",
}
PAGES = {
    "/blank": lambda: "<!doctype html><title>blank</title><canvas></canvas>",
    "/wallet/": lambda: _template("wallet/templates/wallet.html"),
    "/scanner/bus": lambda: _template("adapters/scanner/scanner.html"),
}


def node() -> str:
    """Return the path of Node.js: the system's, or the one that set-up installed."""
    own = ROOT / ".venv" / "bin" / "node"
    path = shutil.which("node") or (str(own) if own.exists() else None)
    assert path, "no Node.js found; `make test` sets one up, or install Node.js 20 or newer"
    return path


def in_node(task: str, **document: Any) -> Any:
    """Run a task of in_node.mjs and return its answer."""
    done = subprocess.run(
        [node(), str(HERE / "in_node.mjs"), task],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Handler(SimpleHTTPRequestHandler):
    """Serves the modules and the pages, and nothing else of the folder."""

    def do_GET(self) -> None:
        """Answer with a page or a file."""
        path = self.path.partition("?")[0]
        page: Callable[[], str] | None = PAGES.get(path)
        if page is None:
            super().do_GET()
            return
        body = page().encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def translate_path(self, path: str) -> str:
        """Map an address to a file of the folders above."""
        plain = path.partition("?")[0]
        for prefix, folder in FOLDERS.items():
            if plain.startswith(prefix) and ".." not in plain:
                return str(ROOT / folder / plain.removeprefix(prefix))
        return str(ROOT / "no such file")

    def end_headers(self) -> None:
        """Add the wallet's policy."""
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name of the base class
        """Say nothing."""


@contextmanager
def served() -> Iterator[str]:
    """Serve on a port of 127.0.0.1; gives the origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def blank(page: Page, origin: str) -> Page:
    """Open a page that holds nothing but a canvas."""
    page.goto(f"{origin}/blank")
    return page


def _template(name: str) -> str:
    return (ROOT / name).read_text().replace("{{ scene }}", "bus").replace('{% if demo %} data-demo="1"{% endif %}', "")

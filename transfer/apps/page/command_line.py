"""The server behind the page: `python -m transfer.page`. It listens to this machine only, unless told otherwise.

Gradio serves the page, uvicorn the requests. Before both stands `Guard`, which asks where a request comes from: another
page in the same browser must not be able to use this one.
"""

import argparse
import base64
import os
import secrets
import socket
import tempfile
import threading
import time
import webbrowser
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vgg.errors import InputError, typed
from vgg.load import FOLDER, WEIGHTS_HELP, genuine_present
from vgg.matfile.sniff import SHIPPED, require_weights_file
from vgg.tools import console
from vgg.tools.console import file_name, interrupts_polled, say_loading, start_tensorflow, whole_number
from vgg.tools.files import file_digest

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp, Receive, Scope, Send

    from transfer.apps.page.runs import Runs

OUTPUT = Path("output/page")
HERE = "127.0.0.1"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = console.Parser(prog=typed("transfer.page"), description="Open a page in the browser to paint on.")
    add = parser.add_argument
    add("--port", type=whole_number(1), help="where to listen (default: a free one)")
    add("--no-browser", action="store_true", help="only say the address")
    text = "listen at this address as well, such as 0.0.0.0 for all who can reach this machine; a password is made"
    add("--listen", metavar="ADDRESS", default=HERE, help=f"{text} (default: %(default)s, this machine alone)")
    add("--weights", type=file_name, metavar="FILE", help=WEIGHTS_HELP)
    add("-o", "--output", type=file_name, default=OUTPUT, help="a folder for the pictures (default: %(default)s)")
    return parser


class Guard:
    """Refuses requests that do not come from the page itself."""

    def __init__(self, app: "ASGIApp", hosts: frozenset[str], password: str) -> None:
        """Take what is guarded, the hosts that requests may name, and the password; without one all may come in."""
        self.app, self.hosts = app, hosts
        self.credentials = f"Basic {base64.b64encode(f'page:{password}'.encode()).decode()}" if password else ""

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass a request on, or answer it with 401 or 403."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get("host", ""), headers.get("origin")
        if self.credentials and not secrets.compare_digest(headers.get("authorization", ""), self.credentials):
            return await _refuse(send, 401, [(b"www-authenticate", b'Basic realm="the name is page"')])
        is_other_site = origin is not None and urlsplit(origin).netloc != host
        if (self.hosts and host not in self.hosts) or is_other_site or headers.get("sec-fetch-site") == "cross-site":
            return await _refuse(send, 403, [])
        return await self.app(scope, receive, send)


async def _refuse(send: "Send", status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"refused\n"})


def _listening(address: str, port: int | None) -> socket.socket:
    try:
        listening = socket.create_server((address, port or 0))
    except (OSError, OverflowError) as error:
        raise InputError(f"{address}:{port or 0} cannot be listened at ({error}); choose another --port") from None
    return listening


def serve(words: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C, which keeps the best of the picture that is being made."""
    if find_spec("gradio") is None:
        raise InputError("Gradio is not installed, which serves the page; get it: make page")
    require_weights_file(words.weights)
    listening = _listening(words.listen, words.port)
    say_loading(quiet=False)
    start_tensorflow()
    with tempfile.TemporaryDirectory(prefix="page-") as cache, interrupts_polled("stopping after this step") as check:
        os.environ |= {"GRADIO_TEMP_DIR": cache, "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
        from transfer.apps.page.folder import Folder
        from transfer.apps.page.runs import Runs

        port, password = listening.getsockname()[1], "" if words.listen == HERE else secrets.token_urlsafe(12)
        runs = Runs(Folder(words.output))
        server = server_of(runs, port, password, words.weights)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        address = f"http://{HERE}:{port}"
        others = f"; from elsewhere http://{socket.gethostname()}:{port}, name: page, password: {password}"
        console.say(f"the page is at {address}{others if password else ''}; Ctrl-C ends it")
        if not words.no_browser:
            webbrowser.open(address)
        try:
            while thread.is_alive():
                time.sleep(0.2)
                check()
        except KeyboardInterrupt:
            pass
        finally:
            kept = runs.close()
            server.should_exit = server.force_exit = True
            thread.join(5)
        console.say(f"ended{kept}; what is unfinished goes on when the page is opened again")


def server_of(runs: "Runs", port: int, password: str, weights: Path | None) -> "uvicorn.Server":
    """Return the server of the page, which is not started yet."""
    import gradio
    import uvicorn
    from fastapi import FastAPI

    from transfer.apps.page.folder import MOST_BYTES
    from transfer.apps.page.layout import CSS, THEME, blocks

    known = {"the one that was named": weights, "the best that is here": Path()}  # the first is chosen to begin with
    known |= {"ImageNet's: slower": genuine_present(), "the small one of this program": FOLDER / SHIPPED}
    networks = {name: str(path) if path.name else "" for name, path in known.items() if path and path.exists()}
    digests = {file_digest(path, "sha256"): path for path in networks.values() if path}
    app = FastAPI(openapi_url=None)
    page = blocks(runs, networks, digests).queue(default_concurrency_limit=None)
    gradio.mount_gradio_app(
        app, page, "/", theme=THEME, css=CSS, max_file_size=MOST_BYTES, show_error=False, ssr_mode=False,
        footer_links=[], server_name=HERE, server_port=port,
    )  # fmt: skip
    page.has_launched = True  # as `launch` would say; else Gradio takes any file that a request names for an upload
    hosts = frozenset() if password else frozenset({f"{HERE}:{port}", f"localhost:{port}"})
    return uvicorn.Server(uvicorn.Config(Guard(app, hosts, password), log_level="critical"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    words = build_parser().parse_args(arguments)
    return console.run("page", lambda: serve(words))

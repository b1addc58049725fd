"""Hostile requests to the real server: each is refused, and the page lives on."""

import http.client
import json
import os
import threading
import time

import numpy as np
import pytest

from image_files import png_of

pytest.importorskip("gradio", reason="Gradio is not installed: make page")

from transfer.apps.page.command_line import _listening, server_of
from transfer.apps.page.folder import Folder
from transfer.apps.page.runs import Runs
from vgg.errors import InputError

SECRET = "nobody may read this"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a secret beside the page's own, which has links to it."""
    folder = tmp_path_factory.mktemp("served")
    os.environ["GRADIO_TEMP_DIR"] = str(folder / "cache")
    (folder / "secret.txt").write_text(SECRET)
    (folder / "private.png").write_bytes(png_of(np.full((40, 60, 3), 99, np.uint8)))
    (folder / "page").mkdir()
    (folder / "page" / "link.png").symlink_to(folder / "private.png")
    (folder / "page" / "link.run.json").symlink_to(folder / "secret.txt")
    return folder


def started(place, password):
    listening = _listening("127.0.0.1", None)
    port, runs = listening.getsockname()[1], Runs(Folder(place / "page"))
    server = server_of(runs, port, password, None)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    return server, thread, runs, port


def stopped(server, thread, runs, port):
    runs.close()
    server.should_exit = server.force_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def port(place):
    made = started(place, "")
    yield made[-1]
    stopped(*made)


def ask(port, path, method="GET", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(method, path, skip_host=True)
    named = {"Host": f"127.0.0.1:{port}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in named.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    return answer.status, answer.read().decode("latin-1")


def test_the_page_itself_is_served_and_names_no_other_address_to_load_from(port):
    status, text = ask(port, "/")
    assert status == 200
    loaded = [part.split('"')[0] for part in text.replace("src=", "href=").split('href="')[1:]]
    assert not [address for address in loaded if address.startswith(("http", "//"))]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_requests_of_another_site_are_refused(port, headers):
    for method, path in (("GET", "/"), ("POST", "/gradio_api/queue/join"), ("GET", "/config")):
        assert ask(port, path, method, b"{}" if method == "POST" else None, **headers)[0] == 403


@pytest.mark.parametrize(
    "name",
    [
        "{0}/secret.txt", "{0}/page/../secret.txt", "../secret.txt", "..%2f..%2fsecret.txt",
        "%2e%2e/secret.txt", "/etc/passwd", "....//secret.txt", "{0}/page/link.run.json", "file://{0}/secret.txt",
        "README.md", "Makefile", "transfer/page.py",
    ],
)  # fmt: skip
def test_no_file_is_served_but_the_pages_own(port, place, name):
    for route in ("/gradio_api/file=", "/file=", "/gradio_api/file/", "/static/", "/assets/", "/"):
        status, text = ask(port, route + name.format(place))
        assert SECRET not in text and "root:" not in text and "make run" not in text
        assert status >= 400 or route != "/gradio_api/file="


def upload(port, name, data):
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n' % name
    body = head + data + b"\r\n--b--\r\n"
    return ask(port, "/gradio_api/upload", "POST", body, Content_Type="multipart/form-data; boundary=b")


def call(port, name, *values):
    """Queue a call as the page's own script does; the text that it answers."""
    handlers = {handler["api_name"]: handler["id"] for handler in json.loads(ask(port, "/config")[1])["dependencies"]}
    body = json.dumps({"data": values, "fn_index": handlers[name], "session_hash": "s"}).encode()
    status, text = ask(port, "/gradio_api/queue/join", "POST", body, Content_Type="application/json")
    return ask(port, "/gradio_api/queue/data?session_hash=s")[1] if status == 200 else text


def file(path):
    return {"path": str(path), "orig_name": "a.png", "meta": {"_type": "gradio.FileData"}}


def inputs(place):
    return set((place / "page" / "inputs").iterdir())


def test_a_drop_zone_takes_what_was_uploaded(port, place):
    before = inputs(place)
    uploaded = json.loads(upload(port, b"a b.png", (place / "private.png").read_bytes())[1])[0]
    assert '"success":true' in call(port, "take_photo", file(uploaded))
    assert len(inputs(place) - before) == 1
    for new in inputs(place) - before:
        new.unlink()


@pytest.mark.parametrize("name", ["{0}/private.png", "{0}/page/link.png", "http://127.0.0.1:{1}/", "../private.png"])
def test_a_drop_zone_takes_no_other_file(port, place, name):
    """A made-up upload names a file that the page could read."""
    before, made_up = inputs(place), file(name.format(place, port))
    for text in (
        call(port, "take_photo", made_up), call(port, "take_paintings", [made_up], None, False),
        call(port, "restore_dropped", made_up),
        call(port, "find_regions", None, {"background": made_up, "layers": [made_up], "composite": made_up}, None),
    ):  # fmt: skip
        assert '"success":false' in text
    assert inputs(place) == before


@pytest.mark.parametrize("name", [b"../../escaped.png", b"/tmp/escaped.png", b"..\\escaped.png", b".hidden\x00.png"])
def test_a_name_is_never_a_path(port, place, name):
    status, text = upload(port, name, b"data")
    if status == 200:
        for written in json.loads(text):
            assert os.path.realpath(written).startswith(str(place / "cache"))
    assert not (place / "escaped.png").exists() and not (place.parent / "escaped.png").exists()


def test_an_upload_that_is_too_large_is_refused(port, monkeypatch):
    assert upload(port, b"large.png", b"0" * 100_000_001)[0] == 413


def test_there_is_no_way_to_other_servers(port):
    for address in ("http://127.0.0.1:1/", "http://example.com/", "file:///etc/passwd"):
        path = f"/gradio_api/proxy={address}"
        status, text = ask(port, path)
        assert status >= 400 and "root:" not in text


def test_a_page_for_others_asks_for_its_password(place):
    made = started(place, "correct horse")
    port = made[-1]
    try:
        from base64 import b64encode

        good, bad = (b64encode(f"page:{word}".encode()).decode() for word in ("correct horse", "correct"))
        for path in ("/", "/config", "/gradio_api/info", "/gradio_api/upload"):
            assert ask(port, path)[0] == 401
            assert ask(port, path, Authorization=f"Basic {bad}")[0] == 401
        assert ask(port, "/", Authorization=f"Basic {good}", Host="192.168.1.5:80")[0] == 200
        assert ask(port, "/", Authorization=f"Basic {good}", Origin="http://evil.example")[0] == 403
    finally:
        stopped(*made)


def test_a_port_that_is_taken_is_one_line(port):
    with pytest.raises(InputError, match=f"127.0.0.1:{port} cannot be listened at"):
        _listening("127.0.0.1", port)

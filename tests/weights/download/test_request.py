"""One request: addresses that are none, proxies, certificates that cannot be trusted."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from web_server import QUICK, SOURCE, assert_arrived, failure, fetch, ranged
from weights.download.download import download


@pytest.mark.parametrize("url", ["", "tiny.mat", "ftp://a/b", Path(__file__).as_uri()])
def test_address_that_is_not_http(target, url):
    assert "not an http:// or https:// address" in failure(url, target)


@pytest.mark.parametrize("url", ["http://a:b/", "http://a b/", "http://[/", "http://é" + "x" * 70 + "/"])
def test_unusable_address(target, url):
    assert "not a usable address" in failure(url, target)


def test_proxy_of_the_environment_is_asked(serve, target, monkeypatch):
    proxy = serve(ranged)
    monkeypatch.setenv("http_proxy", proxy.url)
    fetch("http://nowhere.invalid/tiny.mat", target)
    assert_arrived(target)
    assert proxy.requests == [("http://nowhere.invalid/tiny.mat", None)]


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")
def test_certificate_that_cannot_be_trusted(serve, tmp_path, target):
    pem = tmp_path / "server.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1"
    files = ["-keyout", pem, "-out", f"{pem}.crt"]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{pem}.crt", pem)
    server = serve(ranged, tls=context)
    sentence = failure(server, target)
    assert "TLS certificate is not valid (self" in sentence and "http addresses are tried too" in sentence
    download(SOURCE, target, [server.url, serve(ranged).url], retries=QUICK)
    assert_arrived(target)

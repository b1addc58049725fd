"""The command `python -m weights download`, in this process and as a process that is killed and resumed."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from web_server import ROOT, SOURCE, assert_arrived, closed_port, part_of, ranged, ranged_then_silent
from weights.__main__ import main
from weights.download.sources import SOURCES


@pytest.fixture
def tiny_source(monkeypatch):
    monkeypatch.setitem(SOURCES, "later", replace(SOURCE, urls=(closed_port(),)))


def test_command_downloads(serve, target, tiny_source, monkeypatch, capsys):
    monkeypatch.setenv("WEIGHTS_URL", serve(ranged).url)
    assert main(["download", "--to", str(target)]) == 0
    assert_arrived(target)
    out, err = capsys.readouterr()
    assert out == f"{target}: complete, SHA256 as published\n"
    assert "300.0/300.0 kB" in err


def test_command_prefers_url_to_the_environment(serve, target, tiny_source, monkeypatch):
    given, environment = serve(ranged), serve(ranged)
    monkeypatch.setenv("WEIGHTS_URL", environment.url)
    assert main(["download", "--url", given.url, "--to", str(target)]) == 0
    assert len(given.requests) == 1 and environment.requests == []


def test_command_fails_in_one_line(target, tiny_source, capsys):
    assert main(["download", "--to", str(target)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("weights: tiny.mat was not downloaded: http://127") and err.count("\n") == 1
    assert os.listdir(target.parent) == []


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["download", "--layout", "x"], ["download", "a\nb"]])
def test_command_complains_in_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    err = capsys.readouterr().err
    assert stop.value.code == 2 and err.startswith("weights: ") and err.count("\n") == 1


def run_apart(url, target):
    """Start the command in a process of its own, with the tiny file as the later layout."""
    program = (
        "import signal, sys; from weights.__main__ import main; from weights.download.sources import SOURCES, Source; "
        # A test run in the background hands down a Ctrl-C that is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        f"SOURCES['later'] = {SOURCE!r}; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "download", "--url", url, "--to", str(target)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_stopped_in_the_middle_then_resumed(serve, target, how):
    server = serve(ranged_then_silent, ranged)
    process = run_apart(server.url, target)
    deadline = time.monotonic() + 10
    while not (part_of(target).exists() and part_of(target).stat().st_size == 100_000):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    assert not target.exists()
    process.send_signal(how)
    _, err = process.communicate(timeout=10)
    assert os.listdir(target.parent) == [part_of(target).name]
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert err.splitlines()[-1].startswith("weights: stopped; the 0.1 MB received are kept in ")
        assert "Traceback" not in err
    again = run_apart(server.url, target)
    assert again.wait(10) == 0
    again.communicate()
    assert_arrived(target)
    assert server.requests == [("/tiny.mat", None), ("/tiny.mat", "bytes=100000-")]


def test_help_loads_nothing_heavy():
    program = (
        "import sys; sys.argv = ['weights', 'download', '--help']; import runpy\n"
        "try: runpy.run_module('weights', run_name='__main__')\n"
        "except SystemExit as stop: print(stop.code, {'tensorflow', 'numpy', 'scipy', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--layout" in done.stdout and done.stdout.endswith("0 set()\n")

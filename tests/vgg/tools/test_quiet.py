"""While a command runs, compiled libraries are silent and our own lines arrive; afterwards all is as before."""

import pytest

from own_process import run_python

# `os.write(2, …)` is what libpng and TensorFlow do.
IN_A_COMMAND = """
import os, subprocess, sys
from vgg.tools.console import run, say

def command():
    os.write(2, b"compiled code\\n")
    say("ours", sys.stderr)
    {more}

code = run("test", command)
try:
    os.write(2, b"compiled code afterwards\\n")
    print("python afterwards", file=sys.stderr)
except OSError:
    pass
sys.exit(code)
"""
AFTERWARDS = "compiled code afterwards\npython afterwards\n"


def test_only_our_lines_arrive():
    done = run_python(IN_A_COMMAND.format(more="return 7"))
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "ours\n" + AFTERWARDS)


def test_the_traceback_of_a_bug_arrives():
    done = run_python(IN_A_COMMAND.format(more="raise RuntimeError('a bug')"))
    assert done.returncode == 1
    assert done.stderr.startswith("ours\nTraceback ") and done.stderr.endswith("\nRuntimeError: a bug\n")


def test_a_crash_in_compiled_code_says_where():
    done = run_python(IN_A_COMMAND.format(more="import ctypes; ctypes.string_at(0)"))
    assert done.returncode != 0 and "Segmentation fault" in done.stderr and "in command" in done.stderr


def test_what_a_logger_kept_still_arrives():
    """TensorFlow's logger is made inside the command and writes until Python ends."""
    more = "import logging, atexit; logging.basicConfig(); atexit.register(lambda: logging.warning('late'))"
    done = run_python(IN_A_COMMAND.format(more=more))
    assert done.stderr == "ours\n" + AFTERWARDS + "WARNING:root:late\n"


def test_a_child_is_heard_if_it_is_given_our_stream():
    child = "subprocess.run([sys.executable, '-c', 'import os; os.write(2, bytes([65, 10]))'], stderr={})"
    for stream, heard in (("sys.stderr", "A\n"), ("None", "")):
        assert run_python(IN_A_COMMAND.format(more=child.format(stream))).stderr == f"ours\n{heard}{AFTERWARDS}"


@pytest.mark.parametrize("closed", ["2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_closed_streams(tmp_path, closed):
    """The first file that is opened would get the number 2, and compiled libraries would write into it."""
    more = f"f = open({str(tmp_path / 'file')!r}, 'wb'); os.write(2, b'compiled'); f.close()"
    done = run_python(IN_A_COMMAND.format(more=more), shell=closed)
    assert done.returncode == 0 and (done.stdout, done.stderr) == ("", "")
    assert (tmp_path / "file").read_bytes() == b""


def test_two_threads_that_decode_leave_stderr_alone(tmp_path):
    """Each used to point descriptor 2 elsewhere, and to put back what the other had put there."""
    program = """
import os, sys, threading
import cv2, numpy
from vgg.tools.image import decode, encode
before, seen = os.fstat(2), set()
real = cv2.imdecode
def watched(*arguments):
    seen.add(os.fstat(2).st_ino == before.st_ino)
    return real(*arguments)
cv2.imdecode = watched
data = encode(numpy.zeros((64, 64, 3), numpy.uint8), ".png")
work = lambda: [decode(data, "PNG", "a") for _ in range(20)]
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(seen, os.fstat(2).st_ino == before.st_ino)
"""
    assert run_python(program).stdout == "{True} True\n"

"""Programs in a process of their own, interrupted at a moment that the test chooses."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Python imports `sitecustomize` before anything else; the signal comes when the module INTERRUPT_AT is looked for.
INTERRUPTER = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests run in the background hand down an ignored one

class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["INTERRUPT_AT"]:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), getattr(signal, os.environ["INTERRUPT_BY"]))
        return None

sys.meta_path.insert(0, Interrupter())
"""


def interrupted_at(module: str, words: list[str], folder: Path, by: str = "SIGINT") -> tuple[int, str, str]:
    """Run `python -m words` and send it the signal when it begins to import `module`; exit code, stdout, stderr."""
    (folder / "sitecustomize.py").write_text(INTERRUPTER)
    environment = {**os.environ, "PYTHONPATH": str(folder), "INTERRUPT_AT": module, "INTERRUPT_BY": by}
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def run_python(program: str, *words: str, shell: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program text with arguments; `shell` is what a shell would write behind it, such as `2>&-`."""
    command = ["sh", "-c", f'"$0" "$@" {shell}', sys.executable, "-B", "-c", program, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def children(process_id: int) -> list[int]:
    """The ids of Python's worker processes below one, whichever of its threads has started them; needs Linux."""
    own: list[int] = []
    for file in Path(f"/proc/{process_id}/task").glob("*/children"):
        own += [int(word) for word in file.read_text().split()]
    workers = [child for child in own if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]
    return workers + [found for child in own for found in children(child)]

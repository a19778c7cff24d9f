"""The real processes of a batch on the twin, started and killed by the system tests."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
START_SECONDS = 60


def workcell(*arguments, log, output=os.devnull):
    """Start `workcell` with these arguments; its log is appended to ``log``."""
    command = [sys.executable, "-m", "workcell.cli", *map(str, arguments)]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    with Path(log).open("ab") as errors, Path(output).open("wb") as answers:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=answers, stderr=errors)


def run_demo(out, *options, seconds=420):
    """Run `workcell demo` to its end; how it ended, and its summary."""
    command = [sys.executable, "-m", "workcell.cli", "demo", "--out", str(out), *options]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)
    assert (out / "batch.json").exists(), ended.stderr[-2000:]
    return ended, json.loads((out / "batch.json").read_text("utf-8"))


class Batch:
    """A twin and the conductor's command line for one batch in one folder."""

    def __init__(self, folder, *, books, seed=1, speed=10.0, profile="en", faults=False):
        self.folder = folder
        self.twin_state = folder / "twin"
        self.out = folder / "out"
        self.store = folder / "store"
        shipment = EXAMPLES / "shipments" / profile
        layout = EXAMPLES / "layouts" / "twin.toml"
        folder.mkdir(parents=True, exist_ok=True)
        self._twin_arguments = [
            "twin", "serve", "--layout", layout, "--state", self.twin_state, "--box", shipment / "box.json",
            "--books", books, "--seed", seed, "--speed", speed, *(["--faults"] if faults else []),
        ]  # fmt: skip
        self._run_arguments = [
            "run", "--layout", layout, "--profile", EXAMPLES / "profiles" / f"{profile}.toml",
            "--orders", shipment / "orders.csv", "--invoice", shipment / "invoice.csv",
            "--catalog", shipment / "catalogue.mrc", "--vendor", shipment / "vendor.mrc",
            "--store", self.store, "--out", self.out, "--twin", self.twin_state, "--speed", speed,
            "--auto", "--json",
        ]  # fmt: skip
        self._twin = None

    def __enter__(self):
        self._twin = workcell(*self._twin_arguments, log=self.folder / "twin.log")
        wait_for(lambda: (self.twin_state / "ports.json").exists() or self._twin.poll() is not None)
        assert self._twin.poll() is None, (self.folder / "twin.log").read_text()
        return self

    def __exit__(self, *_):
        self.end_twin()

    def end_twin(self):
        if self._twin is not None and self._twin.poll() is None:
            self._twin.send_signal(signal.SIGTERM)
            assert self._twin.wait(30) == 0
        truth = self.twin_state / "truth.json"
        if truth.exists() and self.out.exists():
            (self.out / "truth.json").write_bytes(truth.read_bytes())

    def conduct(self, *more):
        """Start the conductor; its log is appended to ``conductor.log``."""
        return workcell(
            *self._run_arguments,
            *more,
            log=self.folder / "conductor.log",
            output=self.folder / "summary.json",
        )

    def summary(self):
        return json.loads((self.out / "batch.json").read_text("utf-8"))

    def log(self):
        return (self.folder / "conductor.log").read_text("utf-8", errors="replace")


def wait_for(condition, seconds=START_SECONDS):
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)

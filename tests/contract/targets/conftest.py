"""A real Zebra on loopback, and servers that misbehave."""

import contextlib
import socket
import sys
import threading
from pathlib import Path

import pytest

from marc import Target, connect
from marc.target_queries import Question, Term
from workcell.kernel.clock import WallClock
from workcell.kernel.drivers import API, Driver, Drivers

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests"))

import zebra  # noqa: E402 - stands beside the test folders

RECORDS = ROOT / "examples" / "shipments" / "en" / "catalogue.mrc"


@pytest.fixture(scope="session")
def books(tmp_path_factory):
    """``127.0.0.1:port/database`` of a Zebra with the records of the example."""
    if not zebra.installed():
        pytest.skip("Zebra is not installed (script/bootstrap test)")
    with zebra.server(tmp_path_factory.mktemp("zebra") / "z", RECORDS) as address:
        yield address


class FaultyServer:
    """Takes connections on loopback and does one wrong thing with each; ``accepted`` counts them."""

    def __init__(self, conduct):
        self.accepted = 0
        self._conduct = conduct
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def _serve(self):
        while not self._over.is_set():
            try:
                wire, _ = self._socket.accept()
            except OSError:
                return
            self.accepted += 1
            thread = threading.Thread(target=self._one, args=(wire,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _one(self, wire):
        with contextlib.suppress(OSError), wire:
            self._conduct(wire, self._over)

    def close(self):
        self._over.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)


def _silent(wire, over):
    over.wait()


def _closing(wire, over):
    wire.recv(1)


def _garbage(wire, over):
    wire.recv(1)
    wire.sendall(b"\x00\xff this is neither Z39.50 nor HTTP \r\n\r\n" * 20)
    over.wait()


def _slow(wire, over):
    """A byte at a time, each soon enough for a timeout that counts from the last byte."""
    wire.recv(1)
    for byte in b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nX-Padding: " + b"x" * 4000:
        if over.wait(0.1):
            return
        wire.sendall(bytes([byte]))


def _slow_z3950(wire, over):
    """The beginning of a long PDU (BER, definite length), a byte at a time."""
    wire.recv(1)
    for byte in b"\xb5\x82\x0f\xa0" + b"\x83\x01\x00" * 1000:
        if over.wait(0.1):
            return
        wire.sendall(bytes([byte]))


_CONDUCT = {
    "silent": _silent, "closing": _closing, "garbage": _garbage, "slow": _slow, "slow_z3950": _slow_z3950,
}  # fmt: skip


@pytest.fixture
def faulty():
    """Starts a server of the conduct asked for."""
    running = []

    def start(conduct):
        running.append(FaultyServer(_CONDUCT[conduct]))
        return running[-1]

    yield start
    for server in running:
        server.close()


class AcmeSource:
    """Another maker's record source, which gives whatever it has: here all that a Z39.50 server has."""

    def __init__(self, endpoint, around):
        server = Target(
            name="t", url=endpoint.replace("driver:", "z3950:"), timeout_s=around.timeout_s, limit=100
        )
        self._server = connect(server, around.clock)

    def find(self, terms):
        answer = self._server.ask(Question("", tuple(Term(index, values) for index, values in terms)))
        return answer.total, [record.as_marc() for record in answer.records]

    def close(self):
        self._server.close()


class AcmePoint:
    """The entry point that leads to it."""

    name, value = "source.acme", "acme:SOURCE"

    def load(self):
        return Driver(API, lambda name, endpoint, around: AcmeSource(endpoint, around))


@pytest.fixture
def connected():
    """Opens connections that are closed in the end."""
    opened = []

    def open_(url, **settings):
        if url.startswith("driver:"):
            settings["driver"] = "acme"
        target = Target(name="target", url=url, **settings)
        opened.append(connect(target, WallClock(), Drivers([AcmePoint()])))
        return target, opened[-1]

    yield open_
    for connection in opened:
        connection.close()

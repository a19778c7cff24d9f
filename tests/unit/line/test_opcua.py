"""SCADA sees the line over OPC UA; nobody else sees it, and nobody touches it."""

import socket
import stat
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from cryptography.x509.oid import ExtendedKeyUsageOID

from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput, ConfigError
from workcell.kernel.ids import SystemIds
from workcell.kernel.layout import load_layout
from workcell.kernel.worker import InlineWorker
from workcell.line.journal import LineJournal, line_folder
from workcell.line.opcua_access import Readers, write_user
from workcell.line.opcua_server import NAMESPACE, LineServer, Shown
from workcell.line.packtags import STATES

served = pytest.mark.asyncio(loop_scope="module")
LAYOUT = load_layout(Path(__file__).resolve().parents[3] / "examples" / "layouts" / "twin.toml")
LINE = LAYOUT.line_id
BATCH = {"batch_id": "b-1", "counters": {"entered": 0, "left": 0}, "speed": 2.0}
RUNNING = {"state": "Execute", "mode": "Production", "linked": True, "boot_id": 1}


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """A store with a journal, its server, and clients of it."""

    def __init__(self, folder):
        self.folder, self.clock = folder, WallClock()
        self.journal = LineJournal(line_folder(folder, LINE), LINE, self.clock, InlineWorker())
        write_user(folder / "users.json", "scada", "right", SystemIds())
        self.url = f"opc.tcp://127.0.0.1:{_free_port()}/workcell"
        self.server = LineServer(
            Shown(LAYOUT, folder, self.url, folder / "users.json", folder / "opcua"), self.clock
        )

    async def write(self, type_, body, book_id="", effect_id=""):
        await self.journal.append(type_, body, book_id=book_id, batch_id="b-1", effect_id=effect_id)

    @asynccontextmanager
    async def client(self, name="scada", password="right", encrypted=True):
        client = Client(self.url, timeout=5)
        client.application_uri = "urn:test:client"
        if encrypted:
            key, certificate = self.folder / "client.pem", self.folder / "client.der"
            await setup_self_signed_certificate(
                key, certificate, client.application_uri, "localhost", [ExtendedKeyUsageOID.CLIENT_AUTH], {}
            )
            await client.set_security(
                SecurityPolicyBasic256Sha256, certificate, key,
                server_certificate=self.folder / "opcua" / "server.der",
            )  # fmt: skip
        if name:
            client.set_user(name)
            client.set_password(password)
        async with client:
            yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("site"))
    await site.server.start()
    yield site
    await site.server.stop()
    await site.journal.close()


async def _node(client, path):
    index = await client.get_namespace_index(NAMESPACE)
    return client.get_node(ua.NodeId(f"{LINE}.{path}", index))


async def _value(client, path):
    return await (await _node(client, path)).read_value()


@served
async def test_the_values_follow_the_line_and_its_stations(site):
    async with site.client() as client:
        assert await _value(client, "Status.Batch") == ""
        await site.write("batch.opened", BATCH)
        await site.write("line.state", RUNNING)
        feed = {"key": "f", "kind": "act:feed", "station": "supply", "params": {"track_id": 1}}
        await site.write("effect.intended", feed, "b-1-0001", "e1")
        await site.write("effect.done", {"code": "ok", "results": {}}, "b-1-0001", "e1")
        release = {"key": "r", "kind": "act:release", "station": "supply", "to": "posture", "params": {}}
        await site.write("effect.intended", release, "b-1-0001", "e2")
        await site.write("effect.done", {"code": "ok", "results": {}}, "b-1-0001", "e2")
        await site.server.refresh()
        assert await _value(client, "Status.StateCurrent") == STATES.index("Execute")
        assert await _value(client, "Status.UnitModeCurrent") == 1
        assert await _value(client, "Status.Batch") == "b-1"
        assert await _value(client, "Admin.ProdConsumedCount") == 1
        assert await _value(client, "posture.Status.StateCurrentName") == "Execute"
        assert await _value(client, "posture.Admin.ProdConsumedCount") == 1
        assert await _value(client, "stamp.Status.StateCurrentName") == "Suspended"
        assert await _value(client, "stamp.Status.EquipmentInterlock.Starved") is True
        slowest = max(place.seconds for place in LAYOUT.stations)
        assert await _value(client, "Status.MachSpeed") == pytest.approx(120 / slowest)

        alarm = {"key": "jam:posture", "text": "Jam at posture.", "remedy": "Clear it."}
        await site.write("alarm.raised", alarm, "b-1-0001")
        await site.write("line.state", {**RUNNING, "state": "Held"})
        await site.server.refresh()
        assert await _value(client, "posture.Status.StateCurrentName") == "Held"
        assert await _value(client, "Admin.StopReason.ID") == 100
        assert await _value(client, "Admin.StopReason.Value") == "jam"
        assert await _value(client, "Admin.Alarm[0].Message") == "Jam at posture. Clear it."
        assert await _value(client, "posture.Admin.AlarmCount") == 1
        assert await _value(client, "stamp.Admin.AlarmCount") == 0

        await site.write("line.state", {**RUNNING, "linked": False})
        await site.server.refresh()
        assert await _value(client, "Status.StateCurrent") == 0
        assert await _value(client, "Status.Linked") is False


@served
async def test_no_node_can_be_written_and_nothing_can_be_added_or_taken_away(site):
    async with site.client() as client:
        for path in ("Status.StateCurrent", "Admin.StopReason.Value", "posture.Status.MachSpeed"):
            node = await _node(client, path)
            was = await node.read_value()
            with pytest.raises(ua.UaError):
                await node.write_value(was)
            level = await node.read_attribute(ua.AttributeIds.UserAccessLevel)
            assert not level.Value.Value & (1 << ua.AccessLevel.CurrentWrite)
            assert await node.read_value() == was
        index = await client.get_namespace_index(NAMESPACE)
    async with site.client() as client:
        with pytest.raises(ua.UaError):
            await client.nodes.objects.add_variable(index, "mine", 1)
    async with site.client() as client:
        with pytest.raises(ua.UaError):
            await client.delete_nodes([await _node(client, "Status")])
    async with site.client() as client:
        assert await _value(client, "Status.StateCurrentName") in STATES


@pytest.mark.parametrize(
    "visitor",
    [{"password": "wrong"}, {"password": ""}, {"name": "admin"}, {"name": ""}, {"encrypted": False}],
    ids=str,
)
@served
async def test_whoever_has_no_name_and_password_over_an_encrypted_channel_stays_outside(site, visitor):
    with pytest.raises((ua.UaError, OSError, TimeoutError)):
        async with site.client(**visitor):
            pass


@served
async def test_the_certificate_and_key_are_made_once_and_the_key_is_the_owners(site):
    own = site.folder / "opcua"
    certificate, key = own / "server.der", own / "server-key.pem"
    was = certificate.read_bytes(), key.read_bytes()
    second = LineServer(Shown(LAYOUT, site.folder, site.url, site.folder / "users.json", own), site.clock)
    with pytest.raises(
        ConfigError, match="can't be opened"
    ):  # its port is taken, but the certificate is kept
        await second.start()
    assert (certificate.read_bytes(), key.read_bytes()) == was
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_password_is_kept_as_a_hash_in_a_file_of_its_owner_and_can_be_changed(tmp_path):
    path = tmp_path / "users.json"
    write_user(path, "mes", "first-password", SystemIds())
    write_user(path, "scada", "other", SystemIds())
    assert "first-password" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Readers(path).get_user(None, "mes", b"first-password").name == "mes"
    write_user(path, "mes", "second", SystemIds())
    readers = Readers(path)
    assert readers.get_user(None, "mes", "first-password") is None
    assert readers.get_user(None, "mes", "second") and readers.get_user(None, "scada", "other")
    with pytest.raises(BadInput):
        write_user(path, "mes", "", SystemIds())


@pytest.mark.parametrize("content", [None, "{}", "[]", "not json", '{"mes": {"password": "plain"}}'])
def test_without_a_users_file_nothing_is_served(tmp_path, content):
    if content is not None:
        (tmp_path / "users.json").write_text(content)
    with pytest.raises(ConfigError, match=r"users\.json"):
        Readers(tmp_path / "users.json")

"""An OPC UA server that shows the line to SCADA and MES, and lets nobody touch it.

It reads the line's journal beside the conductor and publishes PackTags.  Sessions need a name and a password
over Basic256Sha256, signed and encrypted; only reading services are granted, and no node is writable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from asyncua import Node, Server, ua
from asyncua.crypto.permission_rules import PermissionRuleset, User, UserRole

from workcell.kernel.clock import WallClock
from workcell.kernel.errors import ConfigError
from workcell.kernel.layout import Layout
from workcell.kernel.ports import Clock
from workcell.line.journal import line_folder, read_events, read_last_batch
from workcell.line.opcua_access import APPLICATION_URI, Readers, own_certificate
from workcell.line.packtags import Unit, units_of
from workcell.line.projection import LineState
from workcell.line.timeline import Timeline

NAMESPACE = "urn:cataloguing-workcell:packml"
"""The namespace of all nodes, such as ``LINE.Status.StateCurrent``, ``LINE.STATION.Status.StateCurrent``."""

_POLICY = ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt
_READING = (
    "CreateSession", "ActivateSession", "CloseSession", "CloseSecureChannel", "FindServers", "GetEndpoints",
    "Read", "Browse", "TranslateBrowsePathsToNodeIds", "RegisterNodes", "UnregisterNodes",
    "CreateSubscription", "ModifySubscription", "DeleteSubscriptions", "TransferSubscriptions",
    "CreateMonitoredItems", "ModifyMonitoredItems", "DeleteMonitoredItems", "SetMonitoringMode",
    "SetPublishingMode", "Publish", "Republish",
)  # fmt: skip
"""The services of OPC 10000-4 that a session gets: none of them changes the address space or a value."""


@dataclass(frozen=True)
class Shown:
    """What is shown, where, and to whom."""

    layout: Layout
    store: Path
    endpoint: str
    users: Path
    certificates: Path
    every: float = 1.0


class LineServer:
    """The server of one line.  ``refresh`` brings every node up to the journal."""

    def __init__(self, shown: Shown, clock: Clock) -> None:
        self._shown = shown
        self._clock = clock
        self._folder = line_folder(shown.store, shown.layout.line_id)
        self._state = LineState()
        self._timeline = Timeline(place.name for place in shown.layout.stations)
        self._server = Server(user_manager=Readers(shown.users))
        self._nodes: dict[str, Node] = {}
        self._values: dict[str, Any] = {}

    async def start(self) -> None:
        """Open the endpoint; raises ConfigError where it can't be had."""
        server = self._server
        await server.init()
        server.set_endpoint(self._shown.endpoint)
        server.set_server_name(f"Cataloguing workcell {self._shown.layout.line_id}")
        await server.set_application_uri(APPLICATION_URI)
        server.set_security_policy([_POLICY], _ReadOnly())
        server.set_identity_tokens([ua.UserNameIdentityToken])
        own = await own_certificate(self._shown.certificates)
        await server.load_certificate(own.certificate)
        await server.load_private_key(own.key)
        await self._build()
        try:
            await server.start()
        except OSError as error:
            raise ConfigError(
                f"can't be opened ({error.strerror or error})", subject=self._shown.endpoint,
                remedy="Give --endpoint another address or port of this machine.",
            ) from error  # fmt: skip

    async def refresh(self) -> None:
        """Fold new events in, and write the values that changed."""
        for unit in self._units():
            for path, value in unit.tags.items():
                name = _node_name(self._shown.layout.line_id, unit.name, path)
                if self._values.get(name) != value:
                    self._values[name] = value
                    await self._nodes[name].write_value(_variant(value))

    async def serve(self) -> None:
        """Refresh for ever."""
        while True:
            await self.refresh()
            await self._clock.sleep(self._shown.every)

    async def stop(self) -> None:
        """Close the endpoint."""
        await self._server.stop()

    def _units(self) -> list[Unit]:
        seq = self._state.seq
        for event in read_events(self._folder, after=seq) if seq else read_last_batch(self._folder):
            self._state.apply(event)
            if event.type == "batch.opened":
                self._timeline = Timeline(self._timeline.stations, *self._state.before)
            self._timeline.apply(event)
        return units_of(self._state, self._timeline, self._shown.layout, self._clock.wall())

    async def _build(self) -> None:
        """The address space: an object a unit, the stations below the line, folders by the path of a tag."""
        index = await self._server.register_namespace(NAMESPACE)
        objects: dict[str, Node] = {"": self._server.nodes.objects}
        for unit in self._units():
            for path, value in unit.tags.items():
                name = _node_name(self._shown.layout.line_id, unit.name, path)
                parent = await self._object(index, objects, name.rpartition(".")[0])
                node_id = ua.NodeId(name, index)
                node = await parent.add_variable(
                    node_id, f"{index}:{name.rpartition('.')[2]}", _variant(value)
                )
                self._nodes[name], self._values[name] = node, value

    async def _object(self, index: int, objects: dict[str, Node], name: str) -> Node:
        if name not in objects:
            above, _, own = name.rpartition(".")
            parent = await self._object(index, objects, above)
            objects[name] = await parent.add_object(ua.NodeId(name, index), f"{index}:{own}")
        return objects[name]


async def serve_line(shown: Shown) -> None:
    """Show a line until cancelled; raises ConfigError."""
    server = LineServer(shown, WallClock())
    await server.start()
    try:
        await server.serve()
    finally:
        await server.stop()


class _ReadOnly(PermissionRuleset):  # type: ignore[misc]
    """Grants a user the reading services and nobody anything else."""

    def __init__(self) -> None:
        names = (f"{service}Request_Encoding_DefaultBinary" for service in _READING)
        self._granted = {ua.NodeId(getattr(ua.ObjectIds, name)) for name in names}

    def check_validity(self, user: User, action_type: ua.NodeId, body: Any) -> bool:
        """Whether this user may ask for this service."""
        return user.role is UserRole.User and action_type in self._granted


def _node_name(line_id: str, unit: str, path: str) -> str:
    return ".".join(part for part in (line_id, unit, path) if part)


def _variant(value: Any) -> ua.Variant:
    return ua.Variant(value, _TYPES[type(value[0] if isinstance(value, list) else value)])


_TYPES = {
    bool: ua.VariantType.Boolean,
    int: ua.VariantType.Int32,
    float: ua.VariantType.Float,
    str: ua.VariantType.String,
    datetime: ua.VariantType.DateTime,
}

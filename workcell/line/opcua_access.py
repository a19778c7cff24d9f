"""Who may read over OPC UA: names with scrypt hashes in a file, and the server's own certificate."""

from __future__ import annotations

import hashlib
import hmac
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.permission_rules import User, UserRole
from cryptography.x509.oid import ExtendedKeyUsageOID

from workcell.kernel.errors import BadInput, ConfigError
from workcell.kernel.ports import Ids

APPLICATION_URI = "urn:cataloguing-workcell:opcua"
_COST = {"n": 2**14, "r": 8, "p": 1}  # OWASP's figures for scrypt, at 16 MiB


@dataclass(frozen=True)
class Certificate:
    """Where certificate (DER) and private key (PEM) of the server lie."""

    certificate: Path
    key: Path


def write_user(path: Path, name: str, password: str, ids: Ids) -> None:
    """Add or change a user; only the hash is kept, in a file that nobody else may read."""
    if not name or not password:
        raise BadInput("a user needs a name and a password", subject=str(path))
    salt = ids.token()
    users = _users(path) if path.exists() else {}
    users[name] = {"salt": salt, "scrypt": _hash(password, salt), **_COST}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps(users, indent=1) + "\n", "utf-8")


class Readers:
    """The users of a file, as asyncua asks for them.  Nobody else gets in, nobody without a name."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError for a file that is not there, is empty or is no list of users."""
        self._users = _users(path)
        if not self._users:
            raise ConfigError("there is no user", subject=str(path), remedy=_ADD)

    def get_user(
        self, iserver: Any, username: str | None = None, password: Any = None, certificate: Any = None
    ) -> User | None:
        """The user as a reader, or None for an unknown name or a wrong password."""
        known = self._users.get(username or "", _NOBODY)
        given = password.decode("utf-8", "replace") if isinstance(password, bytes) else str(password or "")
        right = hmac.compare_digest(_hash(given, known["salt"], known), known["scrypt"])
        return User(role=UserRole.User, name=username) if right and known is not _NOBODY else None


async def own_certificate(folder: Path) -> Certificate:
    """The server's certificate, made on the first start and kept: clients trust this very one."""
    folder.mkdir(parents=True, exist_ok=True)
    own = Certificate(folder / "server.der", folder / "server-key.pem")
    if not (own.certificate.exists() and own.key.exists()):
        own.key.touch(mode=0o600)
        own.key.unlink()
        await setup_self_signed_certificate(
            own.key, own.certificate, APPLICATION_URI, platform.node() or "workcell",
            [ExtendedKeyUsageOID.SERVER_AUTH], {"organizationName": "cataloguing workcell"},
        )  # fmt: skip
        own.key.chmod(0o600)
    return own


_ADD = "Add one: workcell opcua user NAME --users FILE."
_NOBODY: dict[str, Any] = {"salt": "", "scrypt": ""}
"""Hashed against as well, so that an unknown name takes as long as a wrong password."""


def _hash(password: str, salt: str, cost: dict[str, Any] | None = None) -> str:
    costs = {name: int((cost or {}).get(name, value)) for name, value in _COST.items()}
    digest = hashlib.scrypt(password.encode("utf-8"), salt=salt.encode("ascii"), maxmem=2**26, **costs)
    return digest.hex()


def _users(path: Path) -> dict[str, Any]:
    try:
        users = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"can't be read ({error})", subject=str(path), remedy=_ADD) from error
    if not isinstance(users, dict) or not all({"salt", "scrypt"} <= set(user) for user in users.values()):
        raise ConfigError("is not a file of users", subject=str(path), remedy=_ADD)
    return users

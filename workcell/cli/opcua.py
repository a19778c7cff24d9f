"""`workcell opcua`: show a line to SCADA and MES."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from workcell.cli.options import Store, default_store
from workcell.cli.output import console
from workcell.kernel.errors import ConfigError
from workcell.kernel.ids import SystemIds
from workcell.kernel.layout import load_layout

app = typer.Typer(help="Show a line to SCADA and MES over OPC UA, read-only.", no_args_is_help=True)

Users = Annotated[
    Path,
    typer.Option("--users", envvar="WORKCELL_OPCUA_USERS", help="File of users ($WORKCELL_OPCUA_USERS)."),
]

_HERE = "opc.tcp://127.0.0.1:4840/workcell"


@app.command()
def serve(
    layout: Annotated[Path, typer.Option(help="layout.toml of the line.")],
    users: Users,
    store: Store = None,
    endpoint: Annotated[
        str | None, typer.Option(help="Where clients connect to; else port 4840, from this machine only.")
    ] = None,
    certificates: Annotated[
        Path | None, typer.Option(help="Folder of the server's certificate and key; STORE/opcua.")
    ] = None,
) -> None:
    """Show the line and its stations as PackML units until interrupted; nobody can write."""
    _need_asyncua()
    from workcell.line.opcua_server import Shown, serve_line

    root = store or default_store()
    folder = certificates or root / "opcua"
    shown = Shown(load_layout(layout), root, endpoint or _HERE, users, folder)
    console.print(f"{shown.layout.line_id} at {shown.endpoint}, certificate {folder / 'server.der'}")
    asyncio.run(serve_line(shown))


@app.command()
def user(
    name: Annotated[str, typer.Argument(help="Name of the user.")],
    users: Users,
    password: Annotated[
        str | None, typer.Option(envvar="WORKCELL_OPCUA_PASSWORD", help="Asked for when it is not given.")
    ] = None,
) -> None:
    """Let somebody read, or change a password; only its hash is kept."""
    _need_asyncua()
    from workcell.line.opcua_access import write_user

    password = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    write_user(users, name, password, SystemIds())
    console.print(f"{name} may read", markup=False)


def _need_asyncua() -> None:
    try:
        import asyncua
    except ImportError as error:
        raise ConfigError(
            "OPC UA needs the extra `opcua`", subject="workcell opcua",
            remedy="pip install 'cataloguing-workcell[opcua]'",
        ) from error  # fmt: skip
    del asyncua

"""`workcell tag …`: what a tag says, what shall stand in one, and a tag in front of a reader."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.table import Table

from stations import rfid
from workcell.cli.options import Json, Jsonl
from workcell.cli.output import paper, print_json, print_json_line, print_line
from workcell.cli.tag_input import elements_in, model_named, tags_in
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput
from workcell.kernel.ports import TagMemory
from workcell.kernel.profile import TagPolicy, load_profile

T = TypeVar("T")

app = typer.Typer(help="RFID tags: decode, encode, read, write.", no_args_is_help=True)

_STDIN = Path("-")
_OWN_ELEMENTS = (3, 5, 6, 8)

ReaderUrl = Annotated[
    str,
    typer.Option(
        "--reader", help="tcp://HOST:PORT or serial:///dev/ttyUSB0?baud=38400 of a FEIG reader; others by "
        "kind, as in llrp+tcp://HOST:5084 or rl866+serial:///dev/ttyUSB0?baud=38400&parity=E."
    ),
]  # fmt: skip
Uid = Annotated[str, typer.Option("--uid", help="The tag's UID (a UHF tag's TID), where several lie there.")]
Elements = Annotated[
    Path, typer.Option("--elements", help="JSON file with the elements; standard input without it.")
]


@app.command()
def decode(
    memory: Annotated[
        list[str] | None,
        typer.Argument(metavar="HEX…", help="Memory from block 0 on; blocks may stand apart."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="File with HEX; - or nothing: standard input.")
    ] = None,
    dsfid: Annotated[str, typer.Option(help="DSFID in hexadecimal, where the reader told it.")] = "",
    block_size: Annotated[int, typer.Option(min=1, max=32, help="Bytes a block.")] = 4,
    json: Json = False,
    jsonl: Jsonl = False,
) -> None:
    """Say what the memory of a tag holds, of whatever data model, and what is wrong with it.

    All HEX is one tag; for a UHF tag give the EPC bank, with or without its CRC, then user memory. With
    --jsonl each argument, or each line, is a tag. Blanks, colons and 0x do not matter. Exit code 1 when
    anything is an error: the complete elements are given all the same.
    """
    number = _byte(dsfid, "--dsfid") if dsfid else None
    contents = []
    for banks in tags_in(memory or [], file or _STDIN, each=jsonl):
        dump = rfid.decode_dump(*banks, dsfid=number, block_size=block_size)
        contents.append(dump.content)
        if jsonl:
            print_json_line(dump.to_json())
        elif json:
            print_json(dump.to_json())
        else:
            _show(dump.content)
    if not all(content.sound for content in contents):
        raise typer.Exit(1)


@app.command()
def encode(
    model: Annotated[
        str, typer.Option(help=f"Data model: {', '.join(rfid.MODELS)}; the input's, else 28560-2.")
    ] = "",
    block_size: Annotated[int, typer.Option(min=1, max=32, help="Bytes a block.")] = 4,
    capacity: Annotated[
        int | None, typer.Option(min=1, help="Bytes of memory; what does not fit is refused.")
    ] = None,
    lock: Annotated[str, typer.Option(help="Elements to stand in locked blocks, as in 1,3 (28560-2).")] = "",
    afi: Annotated[
        str, typer.Option(help="AFI in hexadecimal: 07 in the library, C2 on loan. [default: by model]")
    ] = "",
    elements: Elements = _STDIN,
    json: Json = False,
) -> None:
    """Lay out a tag's memory from elements in JSON: {"1": "30234000517861", "3": "US-InU-Mu"}.

    The output of `tag decode --json` is taken as well and gives the tag as it was, byte for byte; an element
    that was changed in it is laid out anew, with all others.
    """
    given = elements_in(elements, lock)
    wanted = model_named(model) if model else given.model
    number = _byte(afi, "--afi") if afi else None
    image = rfid.encode_told(
        given.values, wanted, given.told, block_size=block_size, capacity=capacity, afi=number
    )
    if json:
        print_json(image.to_json())
        return
    said = image.to_json()
    paper.print(" ".join(said["blocks"]), soft_wrap=True)
    print_line(f"AFI {said['afi']}, DSFID {said['dsfid'] or '-'}, lock {said['lock_map']}")


@app.command()
def read(reader: ReaderUrl, uid: Uid = "", json: Json = False) -> None:
    """Read every tag in front of a reader, or the one with this UID."""

    async def work(device: rfid.Reader) -> list[TagMemory]:
        found = [uid.upper()] if uid else await device.inventory()
        return [await device.read(each) for each in found]

    memories = _with_reader(reader, work)
    contents = [rfid.decode_memory(memory) for memory in memories]
    if json:
        print_json({"tags": [_tag(*pair) for pair in zip(memories, contents, strict=True)]})
    else:
        for memory, content in zip(memories, contents, strict=True):
            print_line(f"{memory.uid}: AFI {memory.afi:02X}, DSFID {memory.dsfid:02X}, "
                       f"{len(memory.locked)} blocks locked")  # fmt: skip
            _show(content)
        if not memories:
            print_line("no tag answers")
    if not memories or not all(content.sound for content in contents):
        raise typer.Exit(1)


@app.command()
def write(
    reader: ReaderUrl,
    elements: Elements = _STDIN,
    profile: Annotated[
        Path | None,
        typer.Option(help="profile.toml whose [tag] is the policy; else 28560-2, nothing locked."),
    ] = None,
    uid: Uid = "",
    voided: Annotated[
        str, typer.Option(help="Item numbers, with commas, that [tag] not_blank may write over.")
    ] = "",
    log: Annotated[
        Path | None, typer.Option(help="Append every step to this file as it is done, a JSON object a line.")
    ] = None,
    json: Json = False,
) -> None:
    """Write the one tag in front of a reader, or the one with this UID, and read it back.

    Run it again after any failure: an unfinished tag holds nothing until it is whole. Exit code 1 with the
    reason when the tag was not written, 4 when the reader is gone.
    """
    given = elements_in(elements, "")
    texts = {value.oid: value.text for value in given.values}
    policy = load_profile(profile).tag if profile else _policy(texts, given.model)
    numbers = {number.strip() for number in voided.split(",") if number.strip()}

    async def known(number: str) -> bool:
        return number in numbers

    with rfid.WriteLog(log, WallClock()) as kept:

        async def work(device: rfid.Reader) -> rfid.TagReport:
            return await rfid.write_tag(
                device, texts, policy, expected_uid=uid.upper(), is_voided=known, tell=kept.tell
            )

        report = _with_reader(reader, work)
    if json:
        print_json(report.to_json())
    else:
        print_line(report.text)
    if not report.ok:
        raise typer.Exit(1)


# --- shared ----------------------------------------------------------------------------------------------


def _policy(texts: dict[int, str], model: str) -> TagPolicy:
    """Without a profile: everything given is written, in the library, unlocked, on blank tags."""
    strange = sorted(set(texts) - {1, 2, *_OWN_ELEMENTS})
    if strange:
        raise BadInput(
            f"`tag write` has no elements {', '.join(map(str, strange))}",
            remedy=f"It writes 1 and {', '.join(map(str, _OWN_ELEMENTS))}.",
        )
    chosen = [oid for oid in _OWN_ELEMENTS if oid in texts]
    given = {"model": model, "elements": chosen} | ({"type_of_usage": texts[5]} if 5 in texts else {})
    try:
        return TagPolicy.model_validate(given)
    except ValidationError as error:
        said = error.errors()[0]
        where = ".".join(map(str, said["loc"]))
        raise BadInput(
            f"{where}: {said['msg']}" if where else said["msg"], remedy="Mend the input."
        ) from error


def _with_reader(url: str, work: Callable[[rfid.Reader], Awaitable[T]]) -> T:
    async def run() -> T:
        device = rfid.open_reader(url, WallClock())
        try:
            return await work(device)
        finally:
            await device.close()

    return asyncio.run(run())


def _tag(memory: TagMemory, content: rfid.TagContent) -> dict[str, Any]:
    head = {"uid": memory.uid, "dsfid": f"{memory.dsfid:02X}", "hex": memory.data.hex().upper()}
    told = {"block_size": memory.block_size, "locked": sorted(memory.locked)}
    return head | told | content.to_json() | {"afi": f"{memory.afi:02X}"}


def _byte(text: str, option: str) -> int:
    try:
        (number,) = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not two hexadecimal digits", param_hint=option) from error
    return number


def _show(content: rfid.TagContent) -> None:
    table = Table("OID", "element", "value", box=None, pad_edge=False, header_style="bold")
    for oid, text in content.elements.items():
        table.add_row(str(oid), rfid.ELEMENT_NAMES.get(oid, ""), text)
    print_line(content.model + (", truncated" if content.truncated else ""))
    if content.elements:
        paper.print(table)
    for finding in content.findings:
        where = "" if finding.offset is None else f" at byte {finding.offset}"
        print_line(f"{finding.severity} {finding.code}{where}: {finding.text}")

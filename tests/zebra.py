"""A real Zebra server on loopback for tests and benchmarks, with a configuration that is authored here."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("zebraidx-2.0", "zebrasrv-2.0")
_FOLDERS = ("register", "lock", "tmp")
_DATABASE = "Books"

_CONFIG = """\
profilePath: {folder}:/usr/share/idzebra-2.0/tab
modulePath: {modules}
register: {folder}/register:8G
lockDir: {folder}/lock
keyTmpDir: {folder}/tmp
attset: bib1.att
recordType: dom.filter.xml
storeKeys: 1
storeData: 1
recordId: (bib1,Local-number)
"""

_FILTER = """\
<dom>
  <extract name="keys"><xslt stylesheet="keys.xsl"/></extract>
  <retrieve name="F"><xslt stylesheet="as-is.xsl"/></retrieve>
  <input syntax="marc" name="marc"><marc inputcharset="utf-8"/></input>
</dom>
"""

_AS_IS = """\
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="@*|node()">
    <xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy>
  </xsl:template>
</xsl:stylesheet>
"""

_KEYS = """\
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
    xmlns:b="http://www.loc.gov/MARC21/slim" xmlns:z="http://indexdata.com/zebra-2.0">
  <xsl:template match="text()"/>
  <xsl:template match="b:record">
    <z:record z:id="{normalize-space(b:controlfield[@tag='001'])}" z:type="update">
      <xsl:apply-templates/>
      <z:index name="Date-of-publication:w">
        <xsl:value-of select="substring(b:controlfield[@tag='008'], 8, 4)"/>
      </z:index>
    </z:record>
  </xsl:template>
  <xsl:template match="b:controlfield[@tag='001']">
    <z:index name="Local-number:w Local-number:0"><xsl:value-of select="."/></z:index>
  </xsl:template>
  <xsl:template match="b:datafield[@tag='020']/b:subfield[@code='a' or @code='z']">
    <z:index name="ISBN:w Any:w">
      <xsl:value-of select="translate(substring-before(concat(normalize-space(.), ' '), ' '), '-', '')"/>
    </z:index>
  </xsl:template>
  <xsl:template match="b:datafield[@tag='245']/b:subfield[@code='a' or @code='b']">
    <z:index name="Title:w Title:p Any:w"><xsl:value-of select="."/></z:index>
  </xsl:template>
  <xsl:template match="b:datafield[@tag='100' or @tag='700']/b:subfield[@code='a']">
    <z:index name="Author:w Author:p Any:w"><xsl:value-of select="."/></z:index>
  </xsl:template>
</xsl:stylesheet>
"""

_CQL = """\
set.cql = info:srw/cql-context-set/1/cql-v1.1
set.dc = info:srw/cql-context-set/1/dc-v1.1
set.bath = http://zing.z3950.org/cql/bath/2.0/
set.rec = info:srw/cql-context-set/2/rec-1.1
index.cql.serverChoice = 1=1016
index.dc.title = 1=4
index.dc.creator = 1=1003
index.dc.date = 1=31
index.dc.identifier = 1=7
index.rec.id = 1=12
relation.eq = 2=3
relation.scr = 2=3
structure.* = 4=2
position.* = 3=3 6=1
truncation.* = 5=100
"""

_SERVER = """\
<yazgfs>
  <listen id="here">tcp:127.0.0.1:{port}</listen>
  <server id="books" listenref="here">
    <directory>{folder}</directory>
    <config>zebra.cfg</config>
    <cql2rpn>cql.properties</cql2rpn>
    <retrievalinfo>
      <retrieval syntax="usmarc" name="F">
        <backend syntax="xml" name="F">
          <marc inputformat="xml" outputformat="marc" inputcharset="utf-8" outputcharset="utf-8"/>
        </backend>
      </retrieval>
      <retrieval syntax="xml" name="marcxml" identifier="info:srw/schema/1/marcxml-v1.1">
        <backend syntax="xml" name="F"/>
      </retrieval>
      <retrieval syntax="xml" name="F"><backend syntax="xml" name="F"/></retrieval>
    </retrievalinfo>
  </server>
</yazgfs>
"""


def installed() -> bool:
    """Whether Debian's idzebra-2.0 is there."""
    return all(shutil.which(program) for program in PROGRAMS)


def prepare(folder: Path, port: int) -> None:
    """Write the configuration and make an empty register."""
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True)
    modules = next(Path("/usr/lib").glob("*/idzebra-2.0/modules"))
    files = {
        "zebra.cfg": _CONFIG.format(folder=folder, modules=modules), "filter.xml": _FILTER,
        "as-is.xsl": _AS_IS, "keys.xsl": _KEYS, "cql.properties": _CQL,
        "server.xml": _SERVER.format(folder=folder, port=port), "port": str(port),
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    _zebraidx(folder, "init")


def index(folder: Path, records: Path) -> None:
    """Index an ISO 2709 file in UTF-8."""
    _zebraidx(folder, "-t", "dom.filter.xml", "-d", _DATABASE, "update", str(records))


@contextmanager
def server(folder: Path, records: Path) -> Iterator[str]:
    """A server with these records; gives ``127.0.0.1:port/database``."""
    prepare(folder, free_port())
    index(folder, records)
    with serving(folder) as address:
        yield address


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server on a register that is prepared and filled; gives ``127.0.0.1:port/database``."""
    port = int((folder / "port").read_text())
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            ["zebrasrv-2.0", "-f", "server.xml"], cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(port, process)
            yield f"127.0.0.1:{port}/{_DATABASE}"
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _zebraidx(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["zebraidx-2.0", "-c", "zebra.cfg", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, "zebrasrv ended"
            assert time.monotonic() < deadline, "zebrasrv does not listen"
            time.sleep(0.02)
        else:
            return

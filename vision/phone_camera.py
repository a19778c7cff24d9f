"""A telephone as the desk's camera: a small page that takes a picture in its browser and posts it here.

The page lies under an address that holds a token; nothing else answers.  Only the picture that is wanted at
the moment is accepted, up to a size, and only when it decodes as an image.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from vision.quality import judge_bytes
from workcell.kernel.errors import ConfigError, DeviceFault, DeviceGone
from workcell.kernel.ports import Clock, Frame, Worker

MOST_BYTES = 30_000_000
_SECONDS = 300.0
_MEDIA_TYPES = frozenset({"image/jpeg", "image/png"})
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Wanted:
    number: int
    view: str
    picture: asyncio.Future[tuple[bytes, str]]


class PhoneCamera:
    """A camera behind an upload page.

    ``endpoint`` is ``HOST:PORT`` to listen on (port 0 takes a free one), ``token`` an unguessable text,
    ``tell`` hears the page's address once it is open, ``seconds`` is how long a picture is awaited.
    """

    def __init__(
        self,
        name: str,
        endpoint: str,
        clock: Clock,
        worker: Worker,
        token: str,
        tell: Callable[[str], None] = _LOG.warning,
        seconds: float = _SECONDS,
    ) -> None:
        self.name = name
        self._host, self._port = _host_and_port(endpoint)
        self._clock = clock
        self._worker = worker
        self._token = token
        self._tell = tell
        self._seconds = seconds
        self._number = 0
        self._wanted: _Wanted | None = None
        self._one_at_a_time = asyncio.Lock()
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.address = ""

    async def take(self, track_id: int, view: str) -> Frame:
        """Wait for the picture that a person takes now.

        Raises DeviceGone when the page can't be opened, DeviceFault when no picture came in time.
        """
        async with self._one_at_a_time:
            await self._open()
            self._number += 1
            wanted = _Wanted(self._number, view, asyncio.get_running_loop().create_future())
            self._wanted = wanted
            try:
                async with self._clock.timeout(self._seconds):
                    data, media_type = await wanted.picture
            except TimeoutError as error:
                raise DeviceFault(
                    f"no picture came in {self._seconds:g} s", subject=self.name,
                    remedy=f"Open {self.address} on the telephone.",
                ) from error  # fmt: skip
            finally:
                self._wanted = None
            return Frame(data, media_type, wanted.number, track_id, self._clock.wall())

    async def close(self) -> None:
        """Close the page."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        self._server = self._serving = None

    def app(self) -> Starlette:
        """The upload page as an ASGI application."""
        return Starlette(
            routes=[
                Route("/{token}/", self._page),
                Route("/{token}/wanted", self._what_is_wanted),
                Route("/{token}/pictures/{number:int}", self._upload, methods=["POST"]),
            ]
        )

    # --- the page --------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        if not self._is_allowed(request):
            return _refused(404, "there is nothing here")
        headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
        return HTMLResponse(_PAGE, headers=headers | {"Cache-Control": "no-store"})

    async def _what_is_wanted(self, request: Request) -> Response:
        if not self._is_allowed(request):
            return _refused(404, "there is nothing here")
        wanted = self._wanted
        return JSONResponse({"number": wanted.number, "view": wanted.view} if wanted else {"number": None})

    async def _upload(self, request: Request) -> Response:
        if not self._is_allowed(request):
            return _refused(404, "there is nothing here")
        if not self._is_wanted(request.path_params["number"]):
            return _refused(409, "this picture is not wanted now")
        media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if media_type not in _MEDIA_TYPES:
            return _refused(415, "JPEG or PNG only")
        data = await _body(request)
        if data is None:
            return _refused(413, f"more than {MOST_BYTES // 1_000_000} MB")
        if await self._worker.run(judge_bytes, data) is None:
            return _refused(415, "this is no whole image")
        wanted = self._wanted
        if wanted is None or not self._is_wanted(request.path_params["number"]):
            return _refused(409, "this picture is not wanted now")
        wanted.picture.set_result((data, media_type))
        return JSONResponse({"kept": wanted.number})

    def _is_allowed(self, request: Request) -> bool:
        return hmac.compare_digest(request.path_params["token"].encode(), self._token.encode())

    def _is_wanted(self, number: int) -> bool:
        wanted = self._wanted
        return wanted is not None and wanted.number == number and not wanted.picture.done()

    # --- serving ---------------------------------------------------------------------------------------

    async def _open(self) -> None:
        if self._serving is not None and not self._serving.done():
            return
        config = uvicorn.Config(
            self.app(), host=self._host, port=self._port, log_level="critical", access_log=False,
            lifespan="off", timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = _QuietServer(config)
        self._serving = asyncio.create_task(self._serve(self._server))
        while not self._server.started and not self._serving.done():
            await self._clock.sleep(0.01)
        if self._serving.done():
            raise DeviceGone(
                "the upload page can't be opened", subject=f"{self.name} ({self._host}:{self._port})",
                remedy="Choose another port, or end what listens there.",
            )  # fmt: skip
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://{self._host}:{port}/{self._token}/"
        self._tell(f"{self.name}: open {self.address} on the telephone")

    async def _serve(self, server: uvicorn.Server) -> None:
        with suppress(SystemExit, OSError):  # uvicorn ends the program when the port is taken
            await server.serve()


class _QuietServer(uvicorn.Server):
    """Leaves the program's signals alone."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Nothing is captured."""
        yield


async def _body(request: Request) -> bytes | None:
    """The request's body; None as soon as it is too long."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MOST_BYTES:
            return None
    return bytes(data)


def _host_and_port(endpoint: str) -> tuple[str, int]:
    host, _, port = endpoint.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(
            "is no HOST:PORT", subject=f"phone camera {endpoint!r}", remedy='For example "192.0.2.5:8765".'
        )
    return host, int(port)


def _refused(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status_code=status)


_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Camera of the cataloguing desk</title>
<style>
 body { font: 1.2rem system-ui, sans-serif; margin: 2rem auto; max-width: 24rem; text-align: center }
 label { display: block; padding: 1.5rem; border-radius: .8rem; background: #1b5e9b; color: #fff }
 label[hidden] { display: none }
 input { position: absolute; opacity: 0 }
 input:focus-visible + span { outline: 3px solid #fff; outline-offset: .5rem }
</style>
<h1 id="wanted" role="status">No picture is wanted now.</h1>
<label id="button" hidden><input id="file" type="file" accept="image/jpeg,image/png" capture="environment">
<span>Take the picture</span></label>
<p id="said" role="alert"></p>
<script>
const by = id => document.getElementById(id);
let number = null;
async function ask() {
  try {
    const wanted = await (await fetch("wanted", {cache: "no-store"})).json();
    number = wanted.number;
    by("button").hidden = number === null;
    by("wanted").textContent = number === null ? "No picture is wanted now." : "Wanted: " + wanted.view;
  } catch (error) { by("wanted").textContent = "The desk does not answer."; by("button").hidden = true; }
  setTimeout(ask, 1000);
}
by("file").addEventListener("change", async event => {
  const file = event.target.files[0];
  if (!file || number === null) return;
  by("said").textContent = "Sending …";
  const answer = await fetch("pictures/" + number, {
    method: "POST", body: file, headers: {"Content-Type": file.type}});
  by("said").textContent = answer.ok ? "Sent." : (await answer.json()).error;
  event.target.value = "";
});
ask();
</script></html>
"""

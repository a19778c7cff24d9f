"""Every kind of camera behind one protocol: a picture of now, of the book asked for; trouble in words."""

import asyncio
import contextlib
import io
from datetime import UTC, datetime

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

import vision
from vision.phone_camera import MOST_BYTES
from vision.quality import judge_bytes
from workcell.kernel.clock import WallClock
from workcell.kernel.drivers import Driver, Drivers, Surroundings
from workcell.kernel.errors import ConfigError, DeviceFault, DeviceGone
from workcell.kernel.ports import Frame
from workcell.kernel.worker import InlineWorker, ThreadWorker

CLOCK = WallClock()
TOKEN = "a-token-that-nobody-guesses"
SHADES = (60, 120, 180)


def scene(shade):
    """A textured picture whose mean tells which scene it is."""
    picture = np.full((480, 640, 3), shade, np.uint8)
    for n in range(12):
        cv2.putText(picture, f"line {n} of the page", (40, 40 + 36 * n), 0, 0.8, (shade // 3,) * 3, 2)
    return picture


def jpeg(picture):
    return cv2.imencode(".jpg", picture)[1].tobytes()


def shade_of(data):
    picture = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    return min(SHADES, key=lambda shade: abs(float(np.median(picture)) - shade))


class HttpStage:
    """A camera server in this process; ``show`` changes what it sees."""

    def __init__(self, tmp_path):
        self.shade, self.number, self.gone = None, 0, False

        async def still(request):
            self.number += 1
            headers = {
                "X-Frame-Number": str(self.number),
                "X-Captured-At": CLOCK.wall().isoformat(),
                "X-Track-Id": request.query_params["track_id"],
            }
            return Response(jpeg(scene(self.shade)), media_type="image/jpeg", headers=headers)

        app = Starlette(routes=[Route("/cameras/{name}/still", still)])
        inner = httpx.ASGITransport(app=app)

        async def handle(request):
            if self.gone:
                raise httpx.ConnectError("refused", request=request)
            return await inner.handle_async_request(request)

        transport = httpx.MockTransport(handle)
        client = httpx.AsyncClient(transport=transport, base_url="http://cameras")
        self.camera = vision.HttpCamera("top", "http://cameras", CLOCK, client)

    @contextlib.asynccontextmanager
    async def showing(self, shade):
        self.shade = shade
        yield

    def break_off(self):
        self.gone = True

    def mend(self):
        self.gone = False


class FolderStage:
    """Photographs on file, the view is the photograph's index."""

    def __init__(self, tmp_path):
        self.folder = tmp_path / "book"
        self.folder.mkdir()
        for n, shade in enumerate(SHADES):
            (self.folder / f"{n}.jpg").write_bytes(jpeg(scene(shade)))
        self.camera = vision.PhotoCamera(
            "top", [vision.photos_in(self.folder)], CLOCK, InlineWorker(), first_track=7
        )

    @contextlib.asynccontextmanager
    async def showing(self, shade):
        yield

    def break_off(self):
        self.folder.rename(self.folder.with_name("away"))

    def mend(self):
        self.folder.with_name("away").rename(self.folder)


class WatchStage:
    """A folder into which the photographs drop while the camera waits."""

    def __init__(self, tmp_path):
        self.folder = tmp_path / "drop"
        self.folder.mkdir()
        (self.folder / "old.jpg").write_bytes(jpeg(scene(255)))
        self.count = 0
        self.camera = vision.WatchCamera("top", self.folder, CLOCK, InlineWorker(), seconds=20)

    @contextlib.asynccontextmanager
    async def showing(self, shade):
        async def drop():
            await asyncio.sleep(0.05)
            self.count += 1
            with contextlib.suppress(FileNotFoundError):
                (self.folder / f"IMG_{self.count}.jpg").write_bytes(jpeg(scene(shade)))

        dropping = asyncio.create_task(drop())
        yield
        await dropping

    def break_off(self):
        self.folder.rename(self.folder.with_name("away"))

    def mend(self):
        self.folder.with_name("away").rename(self.folder)


class OpenCvStage:
    """A device that OpenCV opens by its path: here a film, of which each frame is read once."""

    def __init__(self, tmp_path):
        self.path = tmp_path / "device.avi"
        self.camera = vision.OpenCvCamera("top", str(self.path), CLOCK, InlineWorker())

    @contextlib.asynccontextmanager
    async def showing(self, shade):
        await self.camera.close()
        writer = cv2.VideoWriter(str(self.path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (640, 480))
        for _ in range(12):
            writer.write(scene(shade))
        writer.release()
        yield

    def break_off(self):
        self.path.unlink(missing_ok=True)

    def mend(self):
        pass


class PhoneStage:
    """The upload page over a real port, and a telephone that does what it is asked."""

    def __init__(self, tmp_path):
        self.camera = vision.PhoneCamera(
            "top", "127.0.0.1:0", CLOCK, InlineWorker(), TOKEN, lambda text: None, 20
        )

    @contextlib.asynccontextmanager
    async def showing(self, shade):
        async def upload():
            while not self.camera.address:
                await asyncio.sleep(0.01)
            async with httpx.AsyncClient(base_url=self.camera.address, trust_env=False) as phone:
                wanted = {"number": None}
                while wanted["number"] is None:
                    wanted = (await phone.get("wanted")).json()
                await phone.post(
                    f"pictures/{wanted['number']}",
                    content=jpeg(scene(shade)),
                    headers={"Content-Type": "image/jpeg"},
                )

        uploading = asyncio.create_task(upload())
        yield
        await uploading


STAGES = {
    "http": HttpStage, "folder": FolderStage, "watch": WatchStage, "opencv": OpenCvStage, "phone": PhoneStage,
}  # fmt: skip
BREAKABLE = [name for name in STAGES if name != "phone"]


def test_every_kind_has_a_stage_in_this_suite():
    assert set(STAGES) <= set(vision.camera_kinds())
    assert len(STAGES) == 5


@pytest.mark.parametrize("kind", STAGES)
async def test_a_picture_is_of_now_and_of_the_book_asked_for(tmp_path, kind):
    stage, numbers = STAGES[kind](tmp_path), []
    for view, shade in enumerate(SHADES):
        async with stage.showing(shade):
            asked = CLOCK.wall()
            frame = await stage.camera.take(7, str(view))
        assert shade_of(frame.data) == shade
        assert (frame.track_id, frame.media_type.split("/")[0]) == (7, "image")
        assert frame.captured_at >= asked
        numbers.append(frame.number)
    assert numbers == sorted(set(numbers))
    await stage.camera.close()
    await stage.camera.close()


@pytest.mark.parametrize("kind", BREAKABLE)
async def test_a_camera_that_is_gone_says_so_and_goes_on_when_it_is_back(tmp_path, kind):
    stage = STAGES[kind](tmp_path)
    async with stage.showing(60):
        stage.break_off()
        with pytest.raises((DeviceGone, DeviceFault)) as trouble:
            await stage.camera.take(7, "0")
    assert trouble.value.subject and trouble.value.remedy
    stage.mend()
    async with stage.showing(60):
        assert shade_of((await stage.camera.take(7, "0")).data) == 60
    await stage.camera.close()


# --- what single kinds promise beyond that ---------------------------------------------------------------


async def test_a_stream_over_the_network_gives_its_latest_frame():
    serving = set()

    async def serve(reader, writer):
        serving.add(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=cut\r\n\r\n")
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            for _ in range(100):
                data = jpeg(scene(120))
                head = b"--cut\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data)
                writer.write(head + data + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    worker = ThreadWorker("camera")
    camera = vision.OpenCvCamera("top", f"http://127.0.0.1:{port}/video.mjpg", CLOCK, worker)
    assert shade_of((await camera.take(1, "cover")).data) == 120
    server.close()
    for connection in serving:
        connection.cancel()
    await asyncio.gather(*serving)
    with pytest.raises(DeviceGone, match="can't be opened"):
        await camera.take(1, "cover")
    await worker.close()


async def test_a_half_written_photograph_is_waited_for(tmp_path):
    stage = WatchStage(tmp_path)
    whole = jpeg(scene(180))

    async def write_slowly():
        await asyncio.sleep(0.05)
        with (stage.folder / "slow.jpg").open("wb") as file:
            file.write(whole[: len(whole) // 2])
            file.flush()
            await asyncio.sleep(0.7)
            file.write(whole[len(whole) // 2 :])

    writing = asyncio.create_task(write_slowly())
    frame = await stage.camera.take(7, "0")
    await writing
    assert frame.data == whole


async def test_a_file_that_is_no_image_is_named_in_the_end(tmp_path):
    camera = vision.WatchCamera("top", tmp_path, CLOCK, InlineWorker(), seconds=0.9)
    taking = asyncio.create_task(camera.take(7, "0"))
    await asyncio.sleep(0.1)
    (tmp_path / "notes.jpg").write_bytes(b"not a picture")
    with pytest.raises(DeviceFault, match=r"notes\.jpg"):
        await taking


@pytest.fixture
async def phone():
    """A waiting phone camera with a client of its page, without a port."""
    camera = vision.PhoneCamera("top", "127.0.0.1:0", CLOCK, InlineWorker(), TOKEN, lambda text: None, 20)
    taking = asyncio.create_task(camera.take(7, "back cover"))
    transport = httpx.ASGITransport(app=camera.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        while (await client.get(f"/{TOKEN}/wanted")).json()["number"] is None:
            await asyncio.sleep(0.01)
        yield client, taking
    taking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await taking
    await camera.close()


JPEG = {"Content-Type": "image/jpeg"}


@pytest.mark.parametrize("path", ["/wrong/", "/wrong/wanted", "/", "/wrong/pictures/1"])
async def test_the_page_answers_to_its_token_only(phone, path):
    client, taking = phone
    answer = await (client.post(path, content=b"") if "pictures" in path else client.get(path))
    assert answer.status_code == 404
    assert not taking.done()


@pytest.mark.parametrize(
    ("number", "content", "headers", "status"),
    [
        (2, jpeg(scene(60)), JPEG, 409),
        (1, b"GIF89a", {"Content-Type": "image/gif"}, 415),
        (1, b"<script>alert(1)</script>", JPEG, 415),
        (1, jpeg(scene(60))[:5000], JPEG, 415),
        (1, bytes(MOST_BYTES + 1), JPEG, 413),
    ],
)
async def test_only_a_wanted_whole_image_of_a_fair_size_is_taken(phone, number, content, headers, status):
    client, taking = phone
    answer = await client.post(f"/{TOKEN}/pictures/{number}", content=content, headers=headers)
    assert answer.status_code == status
    assert not taking.done()
    good = await client.post(f"/{TOKEN}/pictures/1", content=jpeg(scene(60)), headers=JPEG)
    assert good.status_code == 200
    assert shade_of((await taking).data) == 60
    again = await client.post(f"/{TOKEN}/pictures/1", content=jpeg(scene(60)), headers=JPEG)
    assert again.status_code == 409


async def test_the_page_says_what_is_wanted(phone):
    client, _ = phone
    page = await client.get(f"/{TOKEN}/")
    assert (
        'capture="environment"' in page.text
        and "default-src 'none'" in page.headers["content-security-policy"]
    )
    assert (await client.get(f"/{TOKEN}/wanted")).json() == {"number": 1, "view": "back cover"}


async def test_a_taken_port_is_a_device_gone_and_ends_no_program():
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    camera = vision.PhoneCamera("top", f"127.0.0.1:{port}", CLOCK, InlineWorker(), TOKEN)
    with pytest.raises(DeviceGone, match="can't be opened"):
        await camera.take(1, "cover")
    server.close()
    await server.wait_closed()


def test_an_endpoint_that_is_no_address_is_refused():
    with pytest.raises(ConfigError, match="HOST:PORT"):
        vision.PhoneCamera("top", "somewhere", CLOCK, InlineWorker(), TOKEN)


# --- kinds -----------------------------------------------------------------------------------------------


class _Ids:
    def token(self):
        return TOKEN

    def number(self, below):
        return 0


AROUND = Surroundings(CLOCK, InlineWorker(), _Ids(), lambda text: None)


@pytest.mark.parametrize(
    ("source", "kind", "endpoint"),
    [
        ("0", "opencv", "0"),
        ("/dev/video2", "opencv", "/dev/video2"),
        ("rtsp://192.0.2.7/live", "opencv", "rtsp://192.0.2.7/live"),
        ("phone:192.0.2.5:8765", "phone", "192.0.2.5:8765"),
        ("watch:/srv/drop", "watch", "/srv/drop"),
    ],
)
def test_a_source_in_one_word_tells_its_kind(source, kind, endpoint):
    assert vision.kind_of(source) == (kind, endpoint)


def test_an_unknown_kind_is_refused_with_those_that_there_are():
    with pytest.raises(ConfigError, match="telepathy") as error:
        vision.open_camera("telepathy", "top", "", AROUND)
    assert "phone" in error.value.remedy


def test_a_vendors_kind_comes_by_its_entry_point():
    class Point:
        name = "camera.acme"
        value = "acme:CAMERA"

        def load(self):
            return Driver(1, lambda name, endpoint, around: Scripted(name, [scene(60)]))

    camera = vision.open_camera("acme", "top", "usb:1", AROUND, Drivers([Point()]))
    assert camera.name == "top"


# --- frames are judged as they come ----------------------------------------------------------------------


class Scripted:
    """A camera that shows these pictures in turn, the last for ever."""

    def __init__(self, name, pictures):
        self.name, self._pictures, self.taken = name, pictures, 0

    async def take(self, track_id, view):
        picture = self._pictures[min(self.taken, len(self._pictures) - 1)]
        self.taken += 1
        data = picture if isinstance(picture, bytes) else jpeg(picture)
        return Frame(data, "image/jpeg", self.taken, track_id, datetime(2026, 1, 1, tzinfo=UTC))

    async def close(self):
        pass


class Hasty(WallClock):
    async def sleep(self, seconds):
        await asyncio.sleep(0)


def checked(*pictures, retakes=2):
    camera = Scripted("top", pictures)
    return camera, vision.CheckedCamera(camera, Hasty(), InlineWorker(), retakes)


def page(noise=0):
    """A sharp page with sensor noise of its own."""
    picture = scene(160).astype(np.int16)
    return np.clip(picture + np.random.default_rng(noise).integers(-3, 4, picture.shape), 0, 255).astype(
        np.uint8
    )


def blurred(noise=0):
    return cv2.GaussianBlur(page(noise), (0, 0), 4)


async def test_a_good_frame_is_taken_once():
    camera, judged = checked(page())
    await judged.take(1, "cover")
    assert camera.taken == 1


async def test_a_blurred_frame_is_taken_again():
    camera, judged = checked(blurred(1), page(2))
    frame = await judged.take(1, "cover")
    assert (frame.number, camera.taken) == (2, 2)


async def test_the_sharpest_of_blurred_frames_goes_on_to_be_read():
    worse = cv2.GaussianBlur(page(3), (0, 0), 7)
    camera, judged = checked(worse, blurred(1), worse)
    frame = await judged.take(1, "cover")
    assert (frame.number, camera.taken) == (2, 3)
    assert "the picture is blurred" in judge_bytes(frame.data).problems


@pytest.mark.parametrize(
    ("picture", "says"),
    [(np.full((480, 640, 3), 9, np.uint8), "dark"), (b"\xff\xd8 no image", "no image")],
)
async def test_what_is_no_picture_of_a_book_is_the_cameras_fault(picture, says):
    camera, judged = checked(picture, page())
    await judged.take(1, "cover")  # the second try was good
    assert camera.taken == 2
    _, hopeless = checked(picture)
    with pytest.raises(DeviceFault, match=says):
        await hopeless.take(1, "cover")


async def test_a_frozen_picture_is_refused_also_when_it_is_encoded_anew():
    first, again = page(), cv2.imencode(".png", page())[1].tobytes()
    _, judged = checked(cv2.imencode(".png", first)[1].tobytes(), again)
    await judged.take(1, "cover")
    with pytest.raises(DeviceFault, match="same picture"):
        await judged.take(2, "cover")


async def test_a_still_scene_with_its_own_noise_is_not_frozen():
    _, judged = checked(page(1), page(2))
    await judged.take(1, "cover")
    assert (await judged.take(2, "cover")).number == 2

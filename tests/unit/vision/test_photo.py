import cv2
import numpy as np
import pytest
from PIL import Image

from vision.photo import load, open_photo
from workcell.kernel.errors import BadInput


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"not an image at all\n", "not an image"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 200, "not an image|damaged"),
    ],
)
def test_a_file_that_is_no_image_is_named(tmp_path, content, says):
    path = tmp_path / "shot.jpg"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=says) as caught:
        load(path)
    assert caught.value.subject == str(path)


@pytest.mark.parametrize("size", [(12_000, 9_000), (20_000, 20_000)])
def test_a_small_file_of_a_huge_picture_is_refused(tmp_path, size):
    path = tmp_path / "bomb.png"
    Image.new("1", size).save(path)
    with pytest.raises(BadInput, match="megapixels"):
        load(path)


def test_a_truncated_photograph_is_refused(tmp_path):
    path = tmp_path / "cut.jpg"
    noise = np.random.default_rng(1).integers(0, 255, (400, 600, 3), dtype=np.uint8)
    cv2.imwrite(str(path), noise)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(BadInput, match="damaged"):
        load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"no\.jpg"):
        load(tmp_path / "no.jpg")


def test_exif_orientation_is_undone(tmp_path):
    path = tmp_path / "turned.jpg"
    picture = Image.new("RGB", (300, 200), "white")
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was held upright
    picture.save(path, exif=exif)
    assert load(path).shape == (300, 200, 3)


def test_colours_come_as_bgr_and_transparency_as_paper(tmp_path):
    path = tmp_path / "clear.png"
    picture = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    picture.putpixel((0, 0), (255, 0, 0, 255))
    picture.save(path)
    image = load(path)
    assert image[0, 0].tolist() == [0, 0, 255]
    assert image[5, 5].tolist() == [255, 255, 255]


def test_a_sixteen_bit_picture_keeps_its_contrast(tmp_path):
    path = tmp_path / "deep.png"
    ramp = np.linspace(0, 4000, 100 * 100).reshape(100, 100).astype(np.uint16)
    Image.fromarray(ramp).save(path)
    image = load(path)
    assert image.min() == 0
    assert image.max() >= 254


def test_the_digest_is_that_of_the_file(tmp_path):
    path = tmp_path / "a.png"
    Image.new("L", (4, 4)).save(path)
    assert open_photo(path).sha256 == open_photo(path).sha256
    assert len(open_photo(path).sha256) == 64

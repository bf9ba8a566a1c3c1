"""Pictures: fetched with care, made small, without metadata."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from PIL import Image

from bryggan.common.models import DataVersion
from bryggan.initiatives import pictures
from bryggan.initiatives.models import Initiative, Picture, PictureFile, Source
from bryggan.initiatives.pictures import BadPicture, fetch_waiting, smaller
from initiatives.doubles import Double, Reply

pytestmark = pytest.mark.django_db


class PictureServer(Double):
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        super().__init__()

    def answer(self, path: str, query: dict[str, str]) -> Reply:
        if path not in self.files:
            return Reply(404, b"")
        return Reply(200, self.files[path], {"content-type": "image/jpeg"})


@pytest.fixture
def server() -> Iterator[PictureServer]:
    double = PictureServer()
    yield double
    double.close()


@pytest.fixture
def initiative(server: PictureServer) -> Initiative:
    source = Source.objects.create(name="bilder", address=server.address)
    return Initiative.objects.create(source=source, remote_id="1", title="Med bild")


def photograph(width: int = 1600, height: int = 1000, format: str = "JPEG", **saved: object) -> bytes:
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    out = BytesIO()
    image.save(out, format, **saved)
    return out.getvalue()


def test_a_waiting_picture_is_fetched_and_made_small(server: PictureServer, initiative: Initiative) -> None:
    server.files["/a.jpg"] = photograph()
    picture = Picture.objects.create(initiative=initiative, address=f"{server.address}/a.jpg")

    assert fetch_waiting() == 1

    picture.refresh_from_db()
    assert picture.fetched_at is not None
    sizes = [(file.width, file.height) for file in picture.files.all()]
    assert sizes == [(480, 300), (960, 600)]
    for file in picture.files.all():
        with Image.open(BytesIO(file.content)) as image:
            assert (image.format, image.size) == ("WEBP", (file.width, file.height))
        assert len(file.digest) == 32
    assert DataVersion.objects.get(name="initiatives").number == 1
    assert fetch_waiting() == 0


def test_the_same_picture_on_two_initiatives_has_two_addresses(server: PictureServer, initiative: Initiative) -> None:
    server.files["/a.jpg"] = photograph()
    other = Initiative.objects.create(source=initiative.source, remote_id="2", title="Också")
    for each in (initiative, other):
        Picture.objects.create(initiative=each, address=f"{server.address}/a.jpg")

    assert fetch_waiting() == 2
    assert PictureFile.objects.values("digest").distinct().count() == 4


def test_trouble_is_tried_again_later_and_given_up_after_six_times(
    server: PictureServer, initiative: Initiative
) -> None:
    picture = Picture.objects.create(initiative=initiative, address=f"{server.address}/saknas.jpg")

    waits = []
    for _ in range(6):
        before = timezone.now()
        assert fetch_waiting() == 1
        picture.refresh_from_db()
        waits.append(round((picture.next_try_at - before) / timedelta(minutes=1)))
        assert fetch_waiting() == 0
        Picture.objects.update(next_try_at=timezone.now())

    assert waits == [5, 30, 120, 720, 1440, 1440]
    assert picture.tries == 6
    assert "status 404" in picture.error
    assert fetch_waiting() == 0
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    "address",
    ["http://localhost:{port}/a.jpg", "http://10.0.0.1/a.jpg", "file:///etc/passwd", "ftp://example.org/a.jpg"],
)
def test_private_addresses_of_others_are_not_asked(
    server: PictureServer, initiative: Initiative, address: str
) -> None:
    port = server.address.rpartition(":")[2]
    picture = Picture.objects.create(initiative=initiative, address=address.format(port=port))

    fetch_waiting()

    picture.refresh_from_db()
    assert picture.fetched_at is None
    assert server.asked == []


def test_a_redirect_to_a_private_address_is_not_followed(server: PictureServer, initiative: Initiative) -> None:
    server.trouble("/a.jpg", reply=Reply(302, b"", {"location": "http://169.254.169.254/latest/"}))
    picture = Picture.objects.create(initiative=initiative, address=f"{server.address}/a.jpg")

    fetch_waiting()

    picture.refresh_from_db()
    assert "private address" in picture.error


def test_a_picture_that_is_too_large_is_refused(
    server: PictureServer, initiative: Initiative, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "LARGEST_BODY", 1000)
    server.files["/a.jpg"] = photograph()
    picture = Picture.objects.create(initiative=initiative, address=f"{server.address}/a.jpg")

    fetch_waiting()

    picture.refresh_from_db()
    assert "larger than 1000 bytes" in picture.error


def test_pictures_of_withdrawn_initiatives_wait(server: PictureServer, initiative: Initiative) -> None:
    Picture.objects.create(initiative=initiative, address=f"{server.address}/a.jpg")
    Initiative.objects.update(withdrawn_at=timezone.now())

    assert fetch_waiting() == 0


def test_small_pictures_are_never_made_larger() -> None:
    assert [(copy.width, copy.height) for copy in smaller(photograph(300, 200))] == [(300, 200)]
    assert [(copy.width, copy.height) for copy in smaller(photograph(700, 350))] == [(480, 240), (700, 350)]


def test_a_picture_taken_sideways_stands_upright_and_tells_nothing_of_its_camera() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Kameramärket"
    exif.get_ifd(0x8825)[2] = (56.0, 2.0, 47.0)

    [small, _large] = smaller(photograph(1600, 1000, exif=exif))

    assert small.height > small.width
    with Image.open(BytesIO(small.content)) as image:
        assert dict(image.getexif()) == {}
    assert b"Kamera" not in small.content


@pytest.mark.parametrize("format", ["PNG", "GIF", "WEBP"])
def test_other_formats_of_pictures_are_understood(format: str) -> None:
    assert [copy.width for copy in smaller(photograph(500, 400, format))] == [480, 500]


def test_a_transparent_picture_stays_transparent() -> None:
    out = BytesIO()
    Image.new("RGBA", (600, 400), (200, 0, 0, 0)).save(out, "PNG")

    with Image.open(BytesIO(smaller(out.getvalue())[0].content)) as image:
        assert image.mode == "RGBA"


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>Hej</html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", photograph()[:2000], bomb()],
    ids=["empty", "html", "svg", "cut off", "bomb"],
)
def test_what_is_no_usable_picture_is_refused(content: bytes) -> None:
    with pytest.raises(BadPicture):
        smaller(content)

"""Pictures of initiatives: fetched from their source, made small, and served by us.

State-based: a picture waits until it was fetched or given up, so a worker that dies loses nothing. Copies
carry no metadata of the original, such as where a photograph was taken.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from PIL import Image, ImageOps

from bryggan.common.fetching import Fetcher, FetchError
from bryggan.common.models import DataVersion
from bryggan.initiatives.models import Picture, PictureFile, Source

log = logging.getLogger(__name__)

WIDTHS = (480, 960)
QUALITY = 78
LARGEST_BODY = 10 * 1024 * 1024
# More than a good camera makes; beyond it a small file may unpack to gigabytes.
MOST_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# A worker that took a picture and died gives it back after this long.
LEASE = timedelta(minutes=10)
# Waits between tries, in minutes; after the last the picture is given up.
WAITS = (5, 30, 120, 720, 1440)
TRIES = len(WAITS) + 1


class BadPicture(Exception):
    """What was fetched is no picture that we can use."""


@dataclass(frozen=True)
class Copy:
    """One size of a picture, as WebP."""

    width: int
    height: int
    content: bytes


def fetch_waiting(limit: int = 5) -> int:
    """Fetch the pictures that are due, at most `limit`. Returns how many were tried."""
    now = timezone.now()
    due = Picture.objects.filter(fetched_at=None, tries__lt=TRIES, next_try_at__lte=now)
    due = due.filter(initiative__withdrawn_at=None, initiative__merged_into=None)
    tried = 0
    for picture in due.select_related("initiative__source").order_by("next_try_at", "pk")[:limit]:
        # Of two workers, the one whose update matches the row has taken it.
        taken = Picture.objects.filter(pk=picture.pk, next_try_at=picture.next_try_at, fetched_at=None)
        if taken.update(next_try_at=now + LEASE, tries=F("tries") + 1):
            picture.tries += 1
            tried += 1
            _fetch(picture)
    return tried


def _fetch(picture: Picture) -> None:
    try:
        copies = smaller(_content(picture))
    except (FetchError, BadPicture) as error:
        picture.error = str(error)[:300]
        picture.next_try_at = timezone.now() + timedelta(minutes=WAITS[min(picture.tries, len(WAITS)) - 1])
        picture.save(update_fields=["error", "next_try_at"])
        log.info("Picture %s could not be had (try %s): %s", picture.pk, picture.tries, picture.error)
        return
    with transaction.atomic():
        # A sync may have dropped the picture meanwhile.
        if not Picture.objects.filter(pk=picture.pk).update(fetched_at=timezone.now(), error=""):
            return
        picture.files.all().delete()
        PictureFile.objects.bulk_create(
            PictureFile(
                picture=picture,
                digest=_digest(picture, copy.content),
                width=copy.width,
                height=copy.height,
                content=copy.content,
            )
            for copy in copies
        )
        DataVersion.touch("initiatives", [picture.initiative_id])


def _digest(picture: Picture, content: bytes) -> str:
    # One picture may stand with several initiatives; each has its own row, and so its own address.
    return hashlib.blake2b(f"{picture.pk} ".encode() + content, digest_size=16).hexdigest()


def _content(picture: Picture) -> bytes:
    with Fetcher(
        private_hosts=_own_host(picture.initiative.source), tries=1, read_seconds=20, largest_body=LARGEST_BODY
    ) as fetcher:
        answer = fetcher.get(picture.address)
    if answer.status != 200:
        raise BadPicture(f"{picture.address}: status {answer.status}")
    return answer.body


def _own_host(source: Source) -> frozenset[str]:
    """The host that an administrator wrote down as the source may be on a private address; no other may."""
    host = urlsplit(source.address).hostname if "://" in source.address else None
    return frozenset({host} if host else ())


def smaller(content: bytes) -> list[Copy]:
    """Copies as wide as WIDTHS, never wider than the original, turned as its camera was held.

    Raises BadPicture for what is no picture, is broken, or would unpack to too much.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise BadPicture(f"{image.width} × {image.height} are too many pixels")
                image.verify()
            with Image.open(BytesIO(content), formats=FORMATS) as image:
                # A JPEG can be read at a fraction of its size, which is all we need.
                image.draft("RGB", (WIDTHS[-1] * 2, WIDTHS[-1] * 2))
                upright = ImageOps.exif_transpose(image)
                has_alpha = upright.mode in ("RGBA", "LA") or "transparency" in upright.info
                return _copies(upright.convert("RGBA" if has_alpha else "RGB"))
    except BadPicture:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError, Warning) as error:
        raise BadPicture(f"no usable picture: {error}") from error


def _copies(image: Image.Image) -> list[Copy]:
    copies = []
    for width in sorted({min(each, image.width) for each in WIDTHS}):
        height = max(1, round(image.height * width / image.width))
        small = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        out = BytesIO()
        small.save(out, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
        copies.append(Copy(width, height, out.getvalue()))
    return copies

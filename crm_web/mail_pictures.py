"""Pictures of mails, drawn anew: what a browser gets was written by us, not the sender.

Only PNG, JPEG and GIF are read, known by their first bytes; only so many pixels are
unpacked, two pictures at a time. What comes out is a PNG, or a JPEG where a JPEG went
in: the first frame, turned as its camera said, at most ``WIDEST`` pixels a side, without
any of the metadata (place, device, thumbnails, trailing bytes).
"""

import io
from pathlib import Path
from threading import BoundedSemaphore

from PIL import Image, ImageOps

MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 40_000_000  # a telephone's camera; unpacked some 120 MB
WIDEST = 1600
FORMATS = ("PNG", "JPEG", "GIF")
_QUALITY = 85
_at_work = BoundedSemaphore(2)


class NotDrawableError(Exception):
    """It is no picture that we show, is broken, or is too large."""


def redrawn(path: Path) -> tuple[bytes, str]:
    """The picture of this file as (content, media type). Raises NotDrawableError."""
    if path.stat().st_size > MOST_BYTES:
        raise NotDrawableError
    with _at_work:
        try:
            return _redrawn(path)
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
            # What Pillow raises for broken files; UnidentifiedImageError is an OSError.
            raise NotDrawableError from error
        except Image.DecompressionBombError as error:
            raise NotDrawableError from error


def _redrawn(path: Path) -> tuple[bytes, str]:
    with Image.open(path, formats=FORMATS) as picture:
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise NotDrawableError
        kind = picture.format
        picture.draft("RGB", (WIDEST, WIDEST))  # a large JPEG is unpacked small
        picture.load()
        turned = ImageOps.exif_transpose(picture)
        turned.thumbnail((WIDEST, WIDEST))
        if kind == "JPEG":
            return _written(turned.convert("RGB"), "JPEG"), "image/jpeg"
        return _written(turned.convert("RGBA"), "PNG"), "image/png"


def _written(picture: Image.Image, kind: str) -> bytes:
    # Pixels alone: whatever else the sender's file carried stays behind.
    clean = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    target = io.BytesIO()
    clean.save(target, kind, quality=_QUALITY)
    return target.getvalue()

"""Pictures of mails are drawn anew, within limits."""

import io
from pathlib import Path

import pytest
from mail_content import GIF, drawn
from PIL import Image

from crm_web import mail_pictures
from crm_web.mail_pictures import NotDrawableError, redrawn


def stored(folder: Path, content: bytes) -> Path:
    path = folder / "blob"
    path.write_bytes(content)
    return path


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/png")],
)
def test_what_comes_out_has_the_pixels_and_nothing_else(
    tmp_path: Path, kind: str, becomes: str
) -> None:
    source = drawn(kind, (40, 30), comment="GEHEIM-1") + b"GEHEIM-2<script>"
    assert b"GEHEIM-1" in source
    content, media_type = redrawn(stored(tmp_path, source))
    assert media_type == becomes
    assert opened(content).size == (40, 30)
    assert b"GEHEIM" not in content
    assert not opened(content).getexif()


def test_the_smallest_gif_is_drawn(tmp_path: Path) -> None:
    assert opened(redrawn(stored(tmp_path, GIF))[0]).size == (1, 1)


def test_a_photograph_is_turned_as_the_camera_said_and_made_smaller(
    tmp_path: Path,
) -> None:
    source = drawn("JPEG", (4000, 1000), turned=6)
    content, _kind = redrawn(stored(tmp_path, source))
    assert opened(content).size == (400, 1600)
    assert len(content) < len(source)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "WEBP", "PPM", "ICO"])
def test_other_formats_are_not_even_read(tmp_path: Path, kind: str) -> None:
    with pytest.raises(NotDrawableError):
        redrawn(stored(tmp_path, drawn(kind, (16, 16))))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_cut_and_garbled_pictures_are_refused_or_drawn_never_an_error(
    tmp_path: Path, kind: str
) -> None:
    whole = drawn(kind, (64, 64))
    for at in range(0, len(whole), 7):
        for broken in (whole[:at], whole[:at] + b"\xff" * 9 + whole[at + 9 :]):
            try:
                redrawn(stored(tmp_path, broken))
            except NotDrawableError:
                continue


def test_a_picture_that_unpacks_to_gigabytes_is_refused_before(tmp_path: Path) -> None:
    with pytest.raises(NotDrawableError):
        redrawn(stored(tmp_path, drawn("PNG", (30_000, 2_000))))


def test_a_file_that_is_too_long_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stored(tmp_path, drawn("PNG", (8, 8)))
    assert redrawn(path)  # red control: it is a picture
    monkeypatch.setattr(mail_pictures, "MOST_BYTES", 20)
    with pytest.raises(NotDrawableError):
        redrawn(path)

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Still pictures: every format at rest, orientation, names, limits, damage."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from inference.errors import ErrorCode, TalkingHeadError
from inference.media import images
from inference.media.encode import encode_frame, is_whole, write_frame
from inference.media.headers import read_header
from inference.media.images import read_image
from inference.media.picture import Alpha, Picture

NAMES = ["a portrait.png", "肖像 照片.png", "портрет.png", "🎭 %03d #1.png", "x" * 60 + ".png"]
NO_PICTURES = [b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"v/1\x01", b"BM", b"RIFF"]
STARTS = [*NO_PICTURES[1:], b"RIFF\0\0\0\0WEBP", b"MM\0*", b"II+\0", b"GIF89a"]
TOO_LARGE = [(60_000, 10), (10, 60_000), (60_000, 60_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)]
RNG = np.random.default_rng(1)


def random_pixels(dtype: type, channels: int, size: tuple[int, int] = (23, 17)) -> np.ndarray:
    shape = (size[1], size[0], channels)
    if np.dtype(dtype).kind == "f":
        return (RNG.random(shape) * 3 - 0.5).astype(dtype)
    return RNG.integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def error_of(path: Path) -> TalkingHeadError:
    with pytest.raises(TalkingHeadError) as caught:
        read_image(path)
    return caught.value


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_comes_back_as_it_was_written(tmp_path, dtype, channels):
    pixels = random_pixels(dtype, channels)
    path = tmp_path / "a.png"
    write_frame(Picture(pixels, Alpha.STRAIGHT if channels == 4 else Alpha.NONE), path)
    read = read_image(path)
    assert read.pixels.dtype == dtype
    assert np.array_equal(read.pixels, pixels)
    assert read.alpha is (Alpha.STRAIGHT if channels == 4 else Alpha.NONE)
    assert read.pixels.flags.c_contiguous


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("half", [True, False])
def test_exr_comes_back_as_it_was_written(tmp_path, half, channels):
    pixels = random_pixels(np.float32, channels)
    pixels[0, 0, :3] = [65000.0, 1e-7, -3.5]
    if half:
        pixels = pixels.astype(np.float16).astype(np.float32)
    path = tmp_path / "a.exr"
    write_frame(Picture(pixels, Alpha.PREMULTIPLIED if channels == 4 else Alpha.NONE, half), path)
    read = read_image(path)
    assert np.array_equal(read.pixels, pixels)
    assert read.half is half
    assert read.extension == ".exr"
    assert read.alpha is (Alpha.PREMULTIPLIED if channels == 4 else Alpha.NONE)


def test_half_floats_are_rounded_to_nearest(tmp_path):
    pixels = np.full((2, 2, 3), 1 + 0.75 / 1024, np.float32)
    write_frame(Picture(pixels, half=True), tmp_path / "a.exr")
    assert np.all(read_image(tmp_path / "a.exr").pixels == 1 + 1 / 1024)


def test_opaque_pictures_are_written_without_alpha(tmp_path):
    pixels = random_pixels(np.uint8, 4)
    pixels[..., 3] = 255
    write_frame(Picture(pixels, Alpha.STRAIGHT), tmp_path / "a.png")
    read = read_image(tmp_path / "a.png")
    assert read.alpha is Alpha.NONE
    assert np.array_equal(read.pixels, pixels[..., :3])


def test_png_of_other_programs(tmp_path):
    rgba = random_pixels(np.uint8, 4)
    for mode, expected in {
        "L": np.repeat(rgba[..., :1], 3, axis=2),
        "LA": rgba[..., [0, 0, 0, 3]],
        "RGB": rgba[..., [2, 1, 0]],
        "RGBA": rgba[..., [2, 1, 0, 3]],
    }.items():
        source = {"L": rgba[..., 0], "LA": rgba[..., [0, 3]], "RGB": rgba[..., :3], "RGBA": rgba}[mode]
        Image.fromarray(np.ascontiguousarray(source), mode).save(tmp_path / f"{mode}.png")
        assert np.array_equal(read_image(tmp_path / f"{mode}.png").pixels, expected), mode


def test_palette_with_transparency(tmp_path):
    palette = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4), "P")
    palette.putpalette([value for index in range(256) for value in (index * 9 % 256, index, 255 - index)])
    palette.save(tmp_path / "p.png", transparency=5)
    read = read_image(tmp_path / "p.png").pixels
    assert read.shape == (3, 4, 4)
    assert read[0, 1].tolist() == [254, 1, 9, 255]
    assert read[1, 1, 3] == 0


def test_grey_and_cmyk_jpeg(tmp_path):
    ramp = np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (64, 1))
    Image.fromarray(ramp, "L").save(tmp_path / "grey.jpg", quality=95)
    grey = read_image(tmp_path / "grey.jpg").pixels
    assert np.abs(grey.astype(int) - ramp[..., None]).max() <= 3
    cmyk = Image.fromarray(np.dstack([ramp, ramp.T, np.full_like(ramp, 40), np.full_like(ramp, 30)]), "CMYK")
    cmyk.save(tmp_path / "cmyk.jpg", quality=98)
    expected = np.asarray(Image.open(tmp_path / "cmyk.jpg").convert("RGB"))[..., ::-1].astype(int)
    assert np.abs(read_image(tmp_path / "cmyk.jpg").pixels - expected).max() <= 3


@pytest.mark.parametrize("channels", [3, 4])
def test_webp(tmp_path, channels):
    pixels = random_pixels(np.uint8, channels)
    order = [2, 1, 0, 3][:channels]
    Image.fromarray(np.ascontiguousarray(pixels[..., order])).save(tmp_path / "a.webp", lossless=True, exact=True)
    assert np.array_equal(read_image(tmp_path / "a.webp").pixels, pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_tiff_straight_alpha_is_kept(tmp_path, dtype, bigtiff, byteorder):
    pixels = random_pixels(dtype, 4)
    tifffile.imwrite(
        tmp_path / "a.tif", pixels[..., [2, 1, 0, 3]], photometric="rgb", extrasamples=["unassalpha"],
        bigtiff=bigtiff, byteorder=byteorder,
    )  # fmt: skip
    read = read_image(tmp_path / "a.tif")
    assert np.array_equal(read.pixels, pixels)
    assert read.alpha is Alpha.STRAIGHT


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_premultiplied_alpha_becomes_straight(tmp_path, dtype):
    full = np.iinfo(dtype).max
    straight = random_pixels(dtype, 4)
    straight[..., 3] = np.maximum(straight[..., 3], full // 2)
    premultiplied = straight.copy()
    premultiplied[..., :3] = np.rint(straight[..., :3] * (straight[..., 3:] / full))
    tifffile.imwrite(
        tmp_path / "a.tif", premultiplied[..., [2, 1, 0, 3]], photometric="rgb", extrasamples=["assocalpha"]
    )
    assert np.abs(read_image(tmp_path / "a.tif").pixels.astype(int) - straight).max() <= 1


def test_floating_tiff_is_scene_linear_and_premultiplied(tmp_path):
    pixels = random_pixels(np.float32, 4)
    tifffile.imwrite(tmp_path / "a.tif", pixels[..., [2, 1, 0, 3]], photometric="rgb", extrasamples=["unassalpha"])
    read = read_image(tmp_path / "a.tif")
    assert read.alpha is Alpha.PREMULTIPLIED
    assert read.extension == ".exr"
    assert np.array_equal(read.pixels[..., 3], pixels[..., 3])
    assert np.allclose(read.pixels[..., :3], pixels[..., :3] * pixels[..., 3:])


def test_formats_without_a_header_parser(tmp_path):
    pixels = random_pixels(np.uint8, 3)
    for extension in ("tga", "ppm", "sgi"):
        Image.fromarray(np.ascontiguousarray(pixels[..., ::-1])).save(tmp_path / f"a.{extension}")
        assert np.array_equal(read_image(tmp_path / f"a.{extension}").pixels, pixels), extension


def oriented(upright: np.ndarray, orientation: int) -> np.ndarray:
    """What a camera stores so that ``upright`` is seen: the inverse of Exif's table of 8 orientations."""
    return {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("extension", ["png", "webp", "tif", "jpg"])
def test_exif_orientation(tmp_path, extension, orientation):
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16, 0], upright[:8, 16:, 1], upright[8:, :16, 2], upright[8:, 16:] = 200, 200, 200, 90
    stored = np.ascontiguousarray(oriented(upright, orientation)[..., ::-1])
    path = tmp_path / f"a.{extension}"
    if extension == "tif":
        tifffile.imwrite(path, stored, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
    else:
        exif = Image.Exif()
        exif[274] = orientation
        options = {"lossless": True} if extension == "webp" else {"quality": 95}
        Image.fromarray(stored).save(path, exif=exif, **options)
    pixels = read_image(path).pixels.astype(int)
    assert pixels.shape == upright.shape
    assert np.abs(pixels[4::8, 8::16] - upright[4::8, 8::16]).max() <= (12 if extension == "jpg" else 0)
    header = images.image_header(path)
    assert header is not None
    assert images.oriented_size(header) == (32, 16)


@pytest.mark.parametrize("name", NAMES)
def test_names(tmp_path, name):
    pixels = random_pixels(np.uint8, 3)
    write_frame(Picture(pixels), tmp_path / name)
    assert np.array_equal(read_image(tmp_path / name).pixels, pixels)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_missing_file_and_folder(tmp_path):
    assert error_of(tmp_path / "none.png").code is ErrorCode.SOURCE_MISSING
    assert error_of(tmp_path / "none" / "a.png").code is ErrorCode.SOURCE_MISSING
    assert error_of(tmp_path).code is ErrorCode.SOURCE_UNREADABLE


def test_empty_file(tmp_path):
    (tmp_path / "a.png").touch()
    error = error_of(tmp_path / "a.png")
    assert error.code is ErrorCode.SOURCE_UNREADABLE
    assert "is empty" in error.message


@pytest.mark.parametrize("content", NO_PICTURES)
def test_what_is_no_picture(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    assert error_of(tmp_path / "a.png").code is ErrorCode.SOURCE_UNREADABLE


@pytest.mark.parametrize("extension", ["png", "jpg", "webp", "tif", "bmp", "exr"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_truncated(tmp_path, extension, part):
    path = tmp_path / f"a.{extension}"
    pixels = random_pixels(np.uint8, 3, (80, 60))
    if extension == "exr":
        write_frame(Picture(pixels.astype(np.float32)), path)
    else:
        path.write_bytes(cv2.imencode(f".{extension}", pixels)[1].tobytes())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    assert error_of(path).code is ErrorCode.SOURCE_UNREADABLE


def png_that_claims(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + bytes(12)


@pytest.mark.parametrize("size", TOO_LARGE)
def test_too_large_is_refused_by_its_header(tmp_path, size):
    (tmp_path / "a.png").write_bytes(png_that_claims(*size))
    error = error_of(tmp_path / "a.png")
    assert error.code is ErrorCode.SOURCE_TOO_LARGE
    assert f"{size[0]} x {size[1]}" in error.message


def test_real_file_of_60000_pixels(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((2, 60_000, 3), np.uint8))
    assert error_of(tmp_path / "a.png").code is ErrorCode.SOURCE_TOO_LARGE


@pytest.mark.parametrize("dtype", [np.uint32, np.float16])
def test_depth_that_is_not_read(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "a.tif", random_pixels(np.uint8, 3).astype(dtype), photometric="rgb")
    assert error_of(tmp_path / "a.tif").code in (ErrorCode.UNSUPPORTED_INPUT, ErrorCode.SOURCE_UNREADABLE)


@pytest.mark.parametrize("extension", [".png", ".exr"])
def test_is_whole(tmp_path, extension):
    path = tmp_path / f"a{extension}"
    assert not is_whole(path)
    pixels = random_pixels(np.uint8 if extension == ".png" else np.float32, 3)
    data = bytes(encode_frame(Picture(pixels)))
    path.write_bytes(data)
    assert is_whole(path)
    for length in (0, 5, 40, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        assert not is_whole(path), length


def test_a_failed_write_leaves_nothing(tmp_path):
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(TalkingHeadError) as caught:
        write_frame(Picture(random_pixels(np.uint8, 3)), tmp_path / "taken.png")
    assert caught.value.code is ErrorCode.OUTPUT_NOT_WRITABLE
    with pytest.raises(TalkingHeadError) as caught:
        write_frame(Picture(random_pixels(np.uint8, 3)), tmp_path / "none" / "a.png")
    assert caught.value.code is ErrorCode.OUTPUT_NOT_WRITABLE
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]


def test_headers_of_random_bytes_never_crash():
    for number in range(400):
        content = STARTS[number % len(STARTS)] + RNG.bytes(int(RNG.integers(0, 200)))
        try:
            header = read_header(io.BytesIO(content))
        except ValueError:
            continue
        assert header is None or len(header.size) == 2

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import cv2
import numpy as np
import pytest

from inference.engines.liveportrait.crop import Square, cut_square, warp_affine
from inference.engines.liveportrait.paste import feathered_mask, mask_template, paste, paste_place
from inference.engines.puppet.colour import linear_to_srgb
from inference.media.picture import Alpha, Picture

WIDTH, HEIGHT = 420, 360
SQUARE = Square((200.0, 170.0), 190.0, 0.25)
FEATHER = 0.08


def unit_colours(width=WIDTH, height=HEIGHT):
    """(H, W, 3) float64 B, G, R of smooth colours, display-referred."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / 40 + y / 70), np.cos(x / 60 - y / 50), np.sin((x + y) / 90)]
    return np.stack(waves, axis=2) * 0.35 + 0.5


def to_linear(values):
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def picture(kind, width=WIDTH, height=HEIGHT):
    """A picture of one of the four kinds that a source may be of."""
    colours = unit_colours(width, height)
    opacity = np.clip(np.mgrid[0:height, 0:width][1] / (width / 2), 0, 1)[..., None]
    if kind == "8 bit":
        return Picture(np.rint(colours * 255).astype(np.uint8))
    if kind == "16 bit":
        return Picture(np.rint(colours * 65535).astype(np.uint16))
    if kind == "8 bit, alpha":
        return Picture(np.rint(np.concatenate([colours, opacity], 2) * 255).astype(np.uint8), Alpha.STRAIGHT)
    linear = to_linear(colours).astype(np.float32)
    if kind == "float":
        return Picture(linear, half=True)
    pixels = np.concatenate([linear * opacity, opacity], 2).astype(np.float32)
    return Picture(pixels, Alpha.PREMULTIPLIED)


KINDS = ("8 bit", "16 bit", "8 bit, alpha", "float", "float, alpha")


def own_square(source, square=SQUARE):
    """(512, 512, 3) float32 R, G, B as the networks would draw the source: over grey where it is transparent."""
    colours = unit_colours(*source.size)
    if source.alpha is not Alpha.NONE:
        opacity = source.pixels[..., 3:] / (255 if source.pixels.dtype == np.uint8 else 1)
        colours = colours * opacity + 0.5 * (1 - opacity)
    return cut_square(colours.astype(np.float32), square)[..., ::-1]


def put(source, redrawn, square=SQUARE, feather=FEATHER):
    return paste(source, redrawn, paste_place(square, source.size, feather))


def whole_mask(source, square=SQUARE, feather=FEATHER):
    """(H, W) of the mask in the picture."""
    place = paste_place(square, source.size, feather)
    mask = np.zeros(source.pixels.shape[:2], np.float32)
    x0, y0, x1, y1 = place.box
    mask[y0:y1, x0:x1] = place.mask[..., 0]
    return mask


def display(pixels):
    """Display-referred 0 to 1 of opaque pixels of any kind."""
    return linear_to_srgb(pixels) if pixels.dtype == np.float32 else pixels / np.iinfo(pixels.dtype).max


@pytest.mark.parametrize("kind", KINDS)
def test_outside_the_mask_all_stays_bit_for_bit(kind):
    source = picture(kind)
    if kind == "float":
        source.pixels[0, 0], source.pixels[3, 5], source.pixels[300, 2] = np.nan, np.inf, 17.5
    before = source.pixels.copy()
    found = put(source, np.zeros((512, 512, 3), np.float32))
    outside = whole_mask(source) == 0
    assert outside.mean() > 0.5
    assert found.pixels[outside].tobytes() == before[outside].tobytes()
    assert source.pixels.tobytes() == before.tobytes()
    assert not np.shares_memory(found.pixels, source.pixels)


@pytest.mark.parametrize("kind", KINDS)
def test_depth_alpha_and_kind_stay(kind):
    source = picture(kind)
    found = put(source, np.full((512, 512, 3), 0.25, np.float32))
    assert (found.pixels.dtype, found.pixels.shape) == (source.pixels.dtype, source.pixels.shape)
    assert (found.alpha, found.half) == (source.alpha, source.half)
    assert np.array_equal(found.pixels[..., 3:], source.pixels[..., 3:])


@pytest.mark.parametrize("kind", ["8 bit", "16 bit", "float"])
def test_inside_the_redrawn_colour_is_there_in_the_pictures_space(kind):
    wanted_rgb = (0.9, 0.5, 0.2)
    found = put(picture(kind), np.broadcast_to(np.float32(wanted_rgb), (512, 512, 3)))
    assert display(found.pixels[170, 200]) == pytest.approx(wanted_rgb[::-1], abs=0.003)
    if kind == "float":
        assert found.pixels[170, 200] == pytest.approx(to_linear(np.array(wanted_rgb[::-1])), rel=1e-4)


@pytest.mark.parametrize("kind", ["8 bit", "16 bit", "float"])
@pytest.mark.parametrize("side", [60.0, 190.0, 560.0])
def test_the_source_redrawn_as_it_is_comes_back(kind, side):
    """In small, medium and large squares nothing moves: differences are those of resampling."""
    source = picture(kind, 900, 800)
    square = Square((430.0, 400.0), side, -0.4)
    found = put(source, own_square(source, square), square)
    assert np.abs(display(found.pixels) - display(source.pixels)).max() < 0.006


@pytest.mark.parametrize("kind", ["8 bit, alpha", "float, alpha"])
def test_transparent_pictures_lose_the_grey_they_lie_on(kind):
    source = picture(kind)
    found = put(source, own_square(source))
    part = np.s_[100:240, 150:260]
    peak = 255 if source.pixels.dtype == np.uint8 else 1
    assert np.abs(found.pixels[part].astype(float) - source.pixels[part]).max() / peak < 0.012


def test_more_depth_than_8_bit_is_used():
    ramp = np.linspace(0.4, 0.41, 512, dtype=np.float32)
    found = put(picture("16 bit"), np.broadcast_to(ramp[:, None], (512, 512))[..., None].repeat(3, axis=2))
    assert len(np.unique(found.pixels[100:240, 200, 0])) > 50


@pytest.mark.parametrize("feather", [0.02, 0.08, 0.3, 0.5])
def test_the_mask_falls_smoothly_over_its_feather(feather):
    line = feathered_mask(feather)[256].astype(float)
    width = feather * 512
    assert line[0] == 0 and line[-1] == 0
    assert line[255] == pytest.approx(1, abs=0.02)
    assert line[round(width / 2)] == pytest.approx(0.5, abs=0.06)
    assert (np.diff(line[:256]) >= -1e-6).all()
    assert np.abs(np.diff(line)).max() <= 1.6 / width
    assert np.array_equal(feathered_mask(feather), feathered_mask(feather)[::-1, ::-1].T)


def test_without_feather_all_of_the_square_shows():
    assert (feathered_mask(0.0) == 1).all()
    mask = whole_mask(picture("8 bit"), feather=0.0)
    assert mask.sum() == pytest.approx(SQUARE.side**2, rel=0.01)


def test_the_references_mask_is_soft_over_sixteen_pixels():
    mask = mask_template()
    assert mask[0].max() == 0 and mask[-1].max() == 15 and mask[256, 16] == 255
    assert np.abs(mask / 255 - feathered_mask(16 / 512)).max() < 0.2


def test_the_seam_is_nowhere_a_step():
    """Black in a white picture: neighbours differ by no more than the feather's slope says."""
    white = Picture(np.full((HEIGHT, WIDTH, 3), 255, np.uint8))
    found = put(white, np.zeros((512, 512, 3), np.float32), feather=0.15).pixels.astype(int)
    steps = max(np.abs(np.diff(found, axis=axis)).max() for axis in (0, 1))
    assert steps <= 255 * 1.6 / (0.15 * SQUARE.side) + 2


@pytest.mark.parametrize("centre", [(0.0, 0.0), (420.0, 360.0), (-60.0, 180.0), (210.0, 400.0)])
def test_a_square_beyond_the_pictures_edge_is_cut_off(centre):
    source, square = picture("8 bit"), Square(centre, 190.0, 0.6)
    found = put(source, np.ones((512, 512, 3), np.float32), square)
    place = paste_place(square, source.size, FEATHER)
    assert 0 <= place.box[0] < place.box[2] <= WIDTH and 0 <= place.box[1] < place.box[3] <= HEIGHT
    assert (found.pixels != source.pixels).any()


def test_what_is_black_outside_of_the_picture_does_not_show_at_its_edge():
    """The crop is black where it leaves the picture, and the networks soften that border."""
    white = Picture(np.full((HEIGHT, WIDTH, 3), 255, np.uint8))
    square = Square((40.0, 30.0), 300.0, 0.2)
    crop = cv2.GaussianBlur(cut_square(np.ones((HEIGHT, WIDTH, 3), np.float32), square), (0, 0), 1.2)
    assert crop.min() == 0
    assert put(white, crop, square).pixels.min() >= 253


def test_a_square_beside_the_picture_changes_nothing():
    source, square = picture("8 bit"), Square((-900.0, 50.0), 100.0, 0.0)
    assert paste_place(square, source.size, FEATHER) is None
    assert np.array_equal(put(source, np.ones((512, 512, 3), np.float32), square).pixels, source.pixels)


def test_values_out_of_range_are_clipped():
    wild = np.full((512, 512, 3), 7.0, np.float32)
    wild[:256] = -3.0
    found = put(picture("8 bit"), wild)
    assert set(np.unique(found.pixels[150:190, 195:205])) <= {*range(256)}
    assert found.pixels[230, 190].min() == 255 and found.pixels[110, 210].max() == 0


def test_numbers_that_are_none_are_covered_where_all_is_pasted():
    source = picture("float")
    source.pixels[170, 200] = np.nan
    found = put(source, np.full((512, 512, 3), 0.5, np.float32))
    assert np.isfinite(found.pixels[170, 200]).all()


def test_warped_pictures_are_black_outside():
    assert warp_affine(np.ones((4, 4), np.uint8), np.array([[1.0, 0, 2], [0, 1, 2]]), (8, 8)).sum() == 16

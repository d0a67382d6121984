# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The square back in its picture: depths, alpha, borders, what stays bit for bit."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from faces import picture

from inference.engines.engine import Quality
from inference.engines.tpsmm.area import Area, cut_area
from inference.engines.tpsmm.full_resolution import Composition, plain
from inference.engines.tpsmm.paste import mask_of, pasted
from inference.face.picture_8bit import to_bgr8
from inference.media.picture import Alpha, Picture

AREA = Area(150.3, 30.6, 200.0, 200.0)
IDENTITY = np.dstack(np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 64))).astype(np.float32)
DEPTHS = ("8 bit", "16 bit", "scene-linear", "8 bit with alpha", "16 bit with alpha", "scene-linear with alpha")


def in_depth(depth: str) -> Picture:
    """The astronaut in another depth; with alpha, the left is clear and the rest half clear in places."""
    bgr = picture("astronaut")
    alpha = np.full((*bgr.shape[:2], 1), 255, np.uint8)
    alpha[:, :100], alpha[:, 200:260] = 0, 120
    if depth.startswith("8"):
        straight = np.concatenate([bgr, alpha], axis=2)
        return Picture(straight, Alpha.STRAIGHT) if "alpha" in depth else Picture(bgr)
    if depth.startswith("16"):
        wide = np.concatenate([bgr, alpha], axis=2).astype(np.uint16) * 257
        return Picture(wide, Alpha.STRAIGHT) if "alpha" in depth else Picture(wide[..., :3].copy())
    unit = (bgr / 255).astype(np.float32)
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4).astype(np.float32)
    if "alpha" not in depth:
        return Picture(linear * 3, half=True)
    share = (alpha / 255).astype(np.float32)
    return Picture(np.concatenate([linear * share, share], axis=2), Alpha.PREMULTIPLIED)


def composition(source: Picture, own: float) -> Composition:
    paint = cut_area(to_bgr8(source), AREA, 256)
    share = np.full((256, 256), own, np.float32)
    return Composition(np.zeros((64, 64, 2), np.float32), share, paint)


@pytest.mark.parametrize("depth", DEPTHS)
def test_depth_alpha_and_all_outside_are_kept(depth):
    source = in_depth(depth)
    result = pasted(source, AREA, composition(source, 0.0), 0.1, Quality.FINAL)
    assert (result.pixels.dtype, result.pixels.shape) == (source.pixels.dtype, source.pixels.shape)
    assert (result.alpha, result.half) == (source.alpha, source.half)
    outside = np.ones(source.pixels.shape[:2], bool)
    outside[31:231, 151:351] = False
    assert np.array_equal(result.pixels[outside], source.pixels[outside])
    assert not np.array_equal(result.pixels, source.pixels)
    if source.alpha is not Alpha.NONE:
        difference = np.abs(result.pixels[..., 3].astype(np.float64) - source.pixels[..., 3])
        assert difference.max() <= 1e-6 * float(source.pixels[..., 3].max())


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_sources_own_pixels_come_back_where_nothing_moves(depth):
    source = in_depth(depth)
    result = pasted(source, AREA, composition(source, 1.0), 0.1, Quality.FINAL)
    seen = slice(None) if source.alpha is Alpha.NONE else source.pixels[..., 3] > 0
    difference = np.abs(result.pixels.astype(np.float64) - source.pixels)[seen].max()
    assert difference <= (1e-5 if source.pixels.dtype == np.float32 else 1)


@pytest.mark.parametrize("depth", DEPTHS)
def test_paint_has_the_colours_of_the_source(depth):
    """Softer than it, and cut at white where the source is brighter."""
    source = in_depth(depth)
    result = pasted(source, AREA, composition(source, 0.0), 0.1, Quality.FINAL)
    box = slice(60, 200), slice(180, 320)
    difference = to_bgr8(result)[box].astype(int) - to_bgr8(source)[box]
    assert np.abs(difference).mean() < 3 and abs(difference.mean()) < 1


def test_brighter_than_white_stays_so_in_own_pixels():
    source = in_depth("scene-linear")
    result = pasted(source, AREA, composition(source, 1.0), 0.1, Quality.FINAL)
    assert source.pixels[31:230, 152:350].max() > 2
    assert np.allclose(result.pixels, source.pixels, atol=1e-5)


def test_alpha_moves_with_the_figure():
    """Of a figure that is cut out: 40 px to the right."""
    rgba = np.zeros((200, 300, 4), np.uint8)
    cv2.circle(rgba, (120, 100), 40, (40, 120, 200, 255), -1, cv2.LINE_AA)
    source = Picture(rgba, Alpha.STRAIGHT)
    area = Area.whole((300, 200))
    flow = IDENTITY - np.array([2 * 40 / 300 * 256 / 255, 0], np.float32)
    crop = cut_area(to_bgr8(source), area, 256)
    for own in (0.0, 1.0):
        made = Composition(plain(crop, flow).shift, np.full((256, 256), own, np.float32), crop)
        alpha = pasted(source, area, made, 0.1, Quality.FINAL).pixels[..., 3]
        wanted = np.roll(rgba[..., 3], 40, axis=1)
        assert np.abs(alpha.astype(int) - wanted).max() < 30 and np.abs(alpha.astype(int) - wanted).mean() < 0.2


def test_what_is_no_number_stays_where_nothing_is_pasted():
    source = in_depth("scene-linear")
    pixels = source.pixels.copy()
    pixels[5, 5] = np.nan
    result = pasted(Picture(pixels), AREA, composition(source, 0.5), 0.1, Quality.FINAL).pixels
    assert np.isnan(result[5, 5]).all() and np.isfinite(result[10:]).all()


def test_the_border_is_soft_inside_the_picture_and_hard_at_its_edge():
    box = (0, 0, 300, 200)
    inside = mask_of(Area(50, 40, 100, 100), box, 0.2, (300, 200))[..., 0]
    assert inside[90, 100] == 1 and inside[90, 51] < 0.05 and 0.3 < inside[90, 60] < 0.7
    assert inside[:40].max() == 0 and inside[:, :49].max() == 0 and inside[90, 149:].max() < 0.05
    edge = mask_of(Area(-20, -0.5, 140, 200), box, 0.2, (300, 200))[..., 0]
    assert edge[:, :80].min() == 1 and edge[0, 119] < 0.05
    assert mask_of(Area.whole((300, 200)), box, 0.2, (300, 200)).min() == 1


def test_a_hard_border_replaces_all_of_the_area():
    source = in_depth("8 bit")
    black = Composition(np.zeros((64, 64, 2), np.float32), None, np.zeros((256, 256, 3), np.float32))
    result = pasted(source, AREA, black, 0.0, Quality.FINAL).pixels
    assert result[31:230, 151:350].max() == 0
    assert np.array_equal(result[:31], source.pixels[:31])


def test_an_area_beside_the_picture_changes_nothing():
    source = in_depth("8 bit")
    far = Area(-300.0, 10.0, 200.0, 200.0)
    assert pasted(source, far, composition(source, 0.0), 0.1, Quality.FINAL) is source


def test_pictures_larger_than_a_band_have_no_seams():
    tall = np.full((700, 120, 3), 90, np.uint8)
    paint = np.full((256, 256, 3), 0.6, np.float32)
    made = Composition(np.zeros((64, 64, 2), np.float32), np.full((256, 256), 0.3, np.float32), paint)
    result = pasted(Picture(tall), Area.whole((120, 700)), made, 0.1, Quality.FINAL).pixels
    assert np.ptp(result) == 0

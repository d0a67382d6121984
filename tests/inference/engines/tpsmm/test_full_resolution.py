# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source bent at its own size by a known flow: sharpness, paint where the source does not show it, tint."""

from __future__ import annotations

import cv2
import numpy as np
from faces import picture

from inference.engines.engine import Quality
from inference.engines.tpsmm.area import Area, cut_area
from inference.engines.tpsmm.full_resolution import Composition, composed, interpolated, plain, shift_of
from inference.engines.tpsmm.paste import pasted
from inference.media.picture import Picture

SIZE = 256
# A square of 720 px: nearly three times the networks' pixels.
AREA = Area(130.2, 60.4, 720.0, 720.0)
IDENTITY = np.dstack(np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 64))).astype(np.float32)
SEEN = np.ones((SIZE, SIZE), np.float32)


def large() -> np.ndarray:
    """(1024, 1024, 3) uint8 with detail that 256 px cannot hold."""
    enlarged = cv2.resize(picture("astronaut"), (1024, 1024), interpolation=cv2.INTER_CUBIC).astype(np.float64)
    grain = np.random.default_rng(0).normal(0, 6, enlarged.shape)
    return np.clip(enlarged + cv2.GaussianBlur(grain, (0, 0), 0.7) * 2, 0, 255).astype(np.uint8)


def drawn(crop: np.ndarray) -> np.ndarray:
    """A crop as a network draws it: softer and a little darker."""
    return cv2.GaussianBlur(crop, (0, 0), 1.0) * 0.94


def made(source: np.ndarray, composition: Composition) -> np.ndarray:
    return pasted(Picture(source), AREA, composition, 0.05, Quality.FINAL).pixels


def of_source(source: np.ndarray, flow: np.ndarray, paint: np.ndarray, occlusion: np.ndarray = SEEN) -> Composition:
    size = source.shape[1], source.shape[0]
    return composed(paint, flow, occlusion, cut_area(source, AREA, SIZE), AREA, size)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    inside = slice(110, 730), slice(180, 800)
    error = np.square(one[inside].astype(np.float64) - other[inside]).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def test_at_rest_the_source_is_kept_and_far_sharper_than_what_is_drawn():
    source = large()
    paint = drawn(cut_area(source, AREA, SIZE))
    own = psnr(made(source, of_source(source, IDENTITY, paint)), source)
    network = psnr(made(source, plain(paint, IDENTITY)), source)
    print(f"PSNR to the source at rest: its own pixels {own:.1f} dB, the network's {network:.1f} dB")
    assert own > network + 15 and own > 40


def test_a_known_flow_bends_the_source_at_its_own_size():
    """Turned by OpenCV at full size, from the same pixels."""
    source = large()
    turn = cv2.getRotationMatrix2D((AREA.left + 359.5, AREA.top + 359.5), -4.0, 1.0)
    wanted = cv2.warpAffine(source, turn, (1024, 1024), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
    angle = np.radians(4.0)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    flow = (IDENTITY @ matrix).astype(np.float32)
    places = (np.dstack(np.meshgrid(*[np.linspace(-1, 1, SIZE)] * 2)) @ matrix + 1) / 2 * (SIZE - 1)
    paint = drawn(cv2.remap(cut_area(source, AREA, SIZE), places.astype(np.float32), None, cv2.INTER_LINEAR))
    own = psnr(made(source, of_source(source, flow, paint)), wanted)
    network = psnr(made(source, plain(paint, flow)), wanted)
    print(f"PSNR to the turned source: its own pixels {own:.1f} dB, the network's {network:.1f} dB")
    assert own > network + 8 and own > 33


def test_what_the_source_does_not_show_is_painted():
    source = large()
    paint = drawn(cut_area(source, AREA, SIZE))
    paint[100:130, 110:150] = (0.8, 0.1, 0.1)
    occlusion = SEEN.copy()
    occlusion[100:130, 110:150] = 0
    composition = of_source(source, IDENTITY, paint, occlusion)
    assert composition.own[105:125, 115:145].max() < 0.05
    around = composition.own.copy()
    around[95:135, 105:155] = 1
    assert around.min() > 0.5 and around.mean() > 0.99
    middle = made(source, composition)[390, 490]
    assert middle[2] > 190 and middle[0] < 50


def test_the_paint_takes_the_tint_of_the_source():
    source = np.full((1024, 1024, 3), 150, np.uint8)
    paint = np.full((SIZE, SIZE, 3), 0.55, np.float32)
    occlusion = SEEN.copy()
    occlusion[100:130, 100:130] = 0
    result = of_source(source, IDENTITY, paint, occlusion)
    assert np.abs(result.paint * 255 - 150).max() < 1


def test_a_torn_flow_is_painted_but_not_a_turned_or_smaller_one():
    source = large()
    crop = cut_area(source, AREA, SIZE)
    torn = IDENTITY.copy()
    torn[:, 32:, 0] -= 0.3
    share = of_source(source, torn, crop)
    assert share.own[:, 126:131].max() < 0.3
    for matrix in (np.array([[0, 1], [-1, 0]]), np.eye(2) * 1.15, np.eye(2) * 0.6):
        flow = (IDENTITY @ matrix).astype(np.float32)
        places = (np.dstack(np.meshgrid(*[np.linspace(-1, 1, SIZE)] * 2)) @ matrix + 1) / 2 * (SIZE - 1)
        bent = cv2.remap(crop, places.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        assert of_source(source, flow, bent).own.mean() > 0.9


def test_from_beyond_the_square_the_source_is_taken_but_not_from_beyond_the_picture():
    source = large()
    flow = IDENTITY - np.array([0.2, 0], np.float32)
    black = np.zeros((SIZE, SIZE, 3), np.float32)
    inside = of_source(source, flow, black)
    assert inside.own[:, :18].min() > 0.9
    left = Area(-20.0, 60.0, 720.0, 720.0)
    outside = composed(black, flow, SEEN, cut_area(source, left, SIZE), left, (1024, 1024))
    assert outside.own[:, :24].max() < 0.1


def test_the_flow_is_enlarged_without_steps():
    """OpenCV's remap would show 32 steps a cell."""
    grid = np.linspace(0, 1, 8, dtype=np.float32)[None, :, None].repeat(3, axis=0)
    at = np.linspace(0, 7, 2000)
    values = interpolated(grid, np.array([0.0, 1.5]), at)[1, :, 0]
    assert np.abs(values - at / 7).max() < 1e-6
    assert np.abs(shift_of(IDENTITY, SIZE)).max() < 1e-7


def test_curves_stay_curves():
    """A wave that the network's cells just hold, at 12 px a cell."""
    cells, at = np.arange(64), np.linspace(4, 59, 660)
    grid = np.sin(cells / 2.5).astype(np.float32)[:, None, None].repeat(2, axis=1)
    wave = np.sin(at / 2.5)
    errors = [
        float(np.abs(interpolated(grid, at, np.array([0.5]), smooth)[:, 0, 0] - wave).max()) for smooth in (False, True)
    ]
    print(f"largest error of a wave between the cells: bilinear {errors[0]:.4f}, smooth {errors[1]:.4f}")
    assert errors[1] < errors[0] / 4

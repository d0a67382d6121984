# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold and cut out: nothing of the old background on the person, nothing of the person on the plate."""

import cv2
import numpy as np
import pytest
from faces import PORTRAITS, face, picture, tracker
from puppets import frame, open_session

from inference.engines.puppet.background import PersonLayers
from inference.engines.puppet.colour import Canvas
from inference.engines.puppet.frame import FaceFrame
from inference.engines.puppet.matting import refined_matte
from inference.errors import ErrorCode, TalkingHeadError
from inference.media.picture import Alpha, Picture


def drawn_person(background: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The astronaut cut by a soft ellipse and laid over one colour, and the ellipse's matte."""
    pixels = picture("astronaut").astype(np.float32)
    y, x = np.mgrid[:512, :512]
    radius = np.hypot((x - 225) / 75, (y - 125) / 100)
    matte = np.clip((1.02 - radius) / 0.04, 0, 1).astype(np.float32)
    return pixels * matte[..., None] + np.array(background, np.float32) * (1 - matte[..., None]), matte


def layers_of(pixels: np.ndarray, matte: np.ndarray) -> PersonLayers:
    return PersonLayers.of(Canvas.of(Picture(pixels)), matte, FaceFrame.of(face("astronaut")))


@pytest.mark.parametrize("background", [(255, 0, 255), (0, 255, 0), (0, 0, 0)])
def test_no_fringe_of_the_old_background(background):
    """A known cut over one colour, taken off it and laid over another: errors at the rim stay small."""
    mixed, matte = drawn_person(background)
    layers = layers_of(np.rint(mixed).astype(np.uint8), matte)
    new = np.array((90, 140, 60), np.float32)
    own = np.rint(mixed) + layers.fringe
    result = own * matte[..., None] + new * (1 - matte[..., None])
    plain = np.rint(mixed) * matte[..., None] + new * (1 - matte[..., None])
    truth = picture("astronaut") * matte[..., None] + new * (1 - matte[..., None])
    rim = (matte > 0.02) & (matte < 0.98)
    error, before = np.abs(result - truth)[rim].mean(), np.abs(plain - truth)[rim].mean()
    print(f"rim error over {background}: {error:.1f} of 255, without decontamination {before:.1f}")
    assert error < 0.5 * before and error < 12


def test_plate_has_nothing_of_the_person():
    background = (200, 120, 40)
    mixed, matte = drawn_person(background)
    layers = layers_of(np.rint(mixed).astype(np.uint8), matte)
    assert np.abs(layers.plate.astype(int) - background).max() <= 3


def test_guided_filter_follows_the_picture():
    """A mask that is a few px off is pulled onto the true edge."""
    pixels = np.zeros((400, 400, 3), np.uint8)
    cv2.circle(pixels, (200, 200), 100, (60, 160, 220), -1)
    truth = (pixels[..., 2] > 0).astype(np.float32)
    mask = np.zeros((400, 400), np.float32)
    cv2.circle(mask, (203, 198), 101, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 2)
    refined = refined_matte(pixels, mask, 120.0)
    before, after = np.abs(mask - truth).sum(), np.abs(refined - truth).sum()
    print(f"matte error {before:.0f} px before, {after:.0f} px after")
    assert after < 0.65 * before
    assert refined[200, 200] == 1 and refined[5, 5] == 0


@pytest.mark.parametrize("name", PORTRAITS)
def test_hold_keeps_the_background_still(name):
    moved = frame(open_session([Picture(picture(name))], settings={"background": "hold"}), head_roll=15, head_x=0.1)
    stretched = frame(open_session([Picture(picture(name))]), head_roll=15, head_x=0.1)
    matte = tracker().person_matte(picture(name))
    away = cv2.dilate(matte, np.ones((91, 91), np.uint8)) < 0.05
    changed = np.abs(moved.pixels.astype(int) - picture(name)).max(axis=2)
    print(
        f"{name}: background changed by {changed[away].mean():.2f} (hold), "
        f"{np.abs(stretched.pixels.astype(int) - picture(name)).max(axis=2)[away].mean():.2f} (stretch)"
    )
    assert changed[away].mean() < 0.5
    assert changed[~away].mean() > 2


@pytest.mark.parametrize("name", PORTRAITS)
def test_hold_does_not_jump_at_rest(name):
    session = open_session([Picture(picture(name))], settings={"background": "hold"})
    assert np.array_equal(frame(session).pixels, picture(name))
    nearly = frame(session, head_yaw=0.1).pixels
    assert np.abs(nearly.astype(int) - picture(name)).mean() < 0.5


def depths(name):
    pixels = picture(name)
    unit = pixels.astype(np.float64) / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return {
        "uint8": Picture(pixels),
        "uint16": Picture(pixels.astype(np.uint16) * 257),
        "float32": Picture(linear),
        "alpha": Picture(np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)]), Alpha.STRAIGHT),
    }


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "alpha"])
def test_cut_out_of_every_depth(kind):
    source = depths("astronaut")[kind]
    session = open_session([source], settings={"cut_out": True})
    for controls in ({}, {"head_yaw": 10.0, "jaw_open": 0.5}):
        made = frame(session, **controls)
        assert made.pixels.dtype == source.pixels.dtype and made.pixels.shape == (512, 512, 4)
        assert made.alpha is (Alpha.PREMULTIPLIED if kind == "float32" else Alpha.STRAIGHT)
        peak = 1.0 if kind == "float32" else np.iinfo(made.pixels.dtype).max
        alpha = made.pixels[..., 3] / peak
        assert alpha[:60, 150:300].min() >= 0 and alpha.max() == 1
        assert alpha[20:120, 10:100].max() < 0.05
        x, y = np.rint(face("astronaut").landmarks[1, :2]).astype(int)
        assert alpha[y, x] == 1


def test_cut_out_at_rest_leaves_the_person_untouched():
    made = frame(open_session([Picture(picture("hopper"))], settings={"cut_out": True})).pixels
    sure = made[..., 3] == 255
    assert sure.mean() > 0.4
    assert np.abs(made[sure][:, :3].astype(int) - picture("hopper")[sure]).max() <= 1


def test_a_figure_that_is_cut_out_already_keeps_its_own_edge():
    pixels = np.dstack([picture("astronaut"), np.zeros((512, 512), np.uint8)])
    pixels[40:, 60:400, 3] = 255
    made = frame(open_session([Picture(pixels, Alpha.STRAIGHT)], settings={"cut_out": True})).pixels
    np.testing.assert_array_equal(made[..., 3], pixels[..., 3])


def test_transparency_that_is_no_figure_does_not_stop_the_cut_out():
    pixels = np.dstack([picture("astronaut"), np.full((512, 512), 255, np.uint8)])
    pixels[:, 460:, 3] = 0
    opaque = frame(open_session([Picture(picture("astronaut"))], settings={"cut_out": True})).pixels
    made = frame(open_session([Picture(pixels, Alpha.STRAIGHT)], settings={"cut_out": True})).pixels
    assert made[:, 462:, 3].max() == 0
    assert np.mean(made[:300, :100, 3]) < 60  # the flag and the wall are gone
    assert np.mean(np.abs(made[:400, :400, 3].astype(int) - opaque[:400, :400, 3])) < 12


def test_a_matte_that_misses_the_face_is_refused(monkeypatch):
    session = open_session([Picture(picture("hopper"))], settings={"cut_out": True})
    monkeypatch.setattr(session._tracker, "person_matte", lambda bgr, face=None: np.zeros(bgr.shape[:2], np.float32))
    with pytest.raises(TalkingHeadError) as caught:
        frame(session, head_yaw=5)
    assert caught.value.code is ErrorCode.UNSUPPORTED_INPUT and "Stretch" in caught.value.hint

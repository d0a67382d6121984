# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rest, depths, alpha, and what lies outside the moving face."""

from __future__ import annotations

import media
import numpy as np
import pytest
from puppets import bgr, difference, face_of, frame, open_session, pixels, session_of

from inference.controls import BY_NAME, POSE_CONTROLS, RIG_NAMES, Group
from inference.engines.engine import Quality
from inference.media.picture import Alpha, Picture

EXPRESSION = {"jaw_open": 0.7, "mouth_smile": 0.5, "eye_open": 0.3, "gaze_x": 0.6, "brow": 0.8}


def as_uint8(image: np.ndarray) -> Picture:
    return Picture(image)


def as_uint16(image: np.ndarray) -> Picture:
    noise = np.random.default_rng(0).integers(0, 257, image.shape, dtype=np.uint16)
    return Picture(np.minimum(image.astype(np.uint32) * 257 + noise, 65535).astype(np.uint16))


def as_linear(image: np.ndarray) -> Picture:
    unit = image.astype(np.float64) / 255
    return Picture(np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4).astype(np.float32) * 3)


def with_alpha(picture: Picture) -> Picture:
    """The right half of the face half transparent, the corners of the picture fully."""
    height, width = picture.pixels.shape[:2]
    peak = 1.0 if picture.pixels.dtype == np.float32 else float(np.iinfo(picture.pixels.dtype).max)
    alpha = np.ones((height, width, 1))
    alpha[:, 222:] = 0.5
    alpha[:40, :40] = 0
    if picture.pixels.dtype == np.float32:
        return Picture(np.concatenate([picture.pixels * alpha, alpha], axis=2).astype(np.float32), Alpha.PREMULTIPLIED)
    stack = np.concatenate([picture.pixels, alpha * peak], axis=2)
    return Picture(stack.astype(picture.pixels.dtype), Alpha.STRAIGHT)


KINDS = {
    "uint8": as_uint8,
    "uint16": as_uint16,
    "float32": as_linear,
    "uint8 alpha": lambda image: with_alpha(as_uint8(image)),
    "uint16 alpha": lambda image: with_alpha(as_uint16(image)),
    "float32 alpha": lambda image: with_alpha(as_linear(image)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rest_gives_back_the_source_bit_for_bit(kind: str):
    source = KINDS[kind](bgr(media.astronaut()))
    made = frame(open_session([source]))
    assert made.pixels.dtype == source.pixels.dtype
    assert made.alpha is source.alpha
    np.testing.assert_array_equal(made.pixels, source.pixels)


@pytest.mark.parametrize("kind", KINDS)
def test_outside_the_face_an_expression_leaves_the_source_bit_for_bit(kind: str):
    source = KINDS[kind](bgr(media.astronaut()))
    made = frame(open_session([source]), **EXPRESSION)
    assert made.pixels.dtype == source.pixels.dtype and made.alpha is source.alpha
    changed = np.any(made.pixels != source.pixels, axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert 100 < len(columns) < 240 and 100 < len(rows) < 280, "the face's box is about 180 px wide"
    untouched = np.ones_like(changed)
    untouched[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = False
    np.testing.assert_array_equal(made.pixels[untouched], source.pixels[untouched])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("controls", [EXPRESSION, {**EXPRESSION, "head_yaw": 12.0, "head_roll": -8.0}])
def test_all_depths_show_the_same_picture(kind: str, controls: dict[str, float]):
    source = KINDS[kind](bgr(media.astronaut()))
    made = frame(open_session([source]), **controls)
    assert np.isfinite(made.pixels).all()
    expected = pixels(media.astronaut(), **controls).astype(np.float64)
    seen = made.pixels[..., :3].astype(np.float64)
    if made.pixels.dtype == np.uint16:
        seen /= 257
    if made.pixels.dtype == np.float32:
        if made.alpha is Alpha.PREMULTIPLIED:
            seen /= np.maximum(made.pixels[..., 3:], 1e-3)
        unit = np.clip(seen / 3, 0, 1)
        seen = 255 * np.where(unit <= 0.0031308, unit * 12.92, 1.055 * unit ** (1 / 2.4) - 0.055)
    visible = np.ones(seen.shape[:2], bool)
    if made.alpha is not Alpha.NONE:
        visible = made.pixels[..., 3] > 0.4 * made.pixels[..., 3].max()
    # Interpolation and drawn parts differ between linear and encoded values, at edges; the rest is the same.
    apart = np.abs(seen - expected).max(axis=2)[visible]
    assert np.percentile(apart, 95) < 3 and np.percentile(apart, 99.5) < 40


def test_hidden_colours_do_not_bleed_into_a_straight_alpha_edge():
    source = bgr(media.astronaut())
    alpha = np.full((*source.shape[:2], 1), 255, np.uint8)
    alpha[:, :185] = 0
    loud = source.copy()
    loud[:, :185] = (0, 255, 0)
    picture = Picture(np.concatenate([loud, alpha], axis=2), Alpha.STRAIGHT)
    made = frame(open_session([picture]), mouth_wide=1.0, jaw_open=1.0).pixels
    seen = made[..., 3] > 20
    assert (made[..., 3] != alpha[..., 0]).any(), "the edge must have moved for this test to say anything"
    green = made[..., 1].astype(int) - np.maximum(made[..., 0], made[..., 2]).astype(int)
    before = source[..., 1].astype(int) - np.maximum(source[..., 0], source[..., 2]).astype(int)
    assert green[seen].max() <= before.max() + 12


def test_float_alpha_stays_between_0_and_1():
    made = frame(open_session([with_alpha(as_linear(bgr(media.astronaut())))]), **EXPRESSION, head_yaw=10.0)
    assert made.pixels[..., 3].min() >= 0 and made.pixels[..., 3].max() <= 1


def test_preview_and_final_show_nearly_the_same():
    final = pixels(media.hopper(), **EXPRESSION)
    preview = frame(session_of(media.hopper()), quality=Quality.PREVIEW, **EXPRESSION).pixels
    assert 0.05 < difference(final, preview).mean() < 3


def test_the_source_is_not_written_to():
    image = bgr(media.astronaut()).copy()
    copy = image.copy()
    session = open_session([Picture(image)])
    frame(session, **EXPRESSION)
    frame(session, head_yaw=10.0)
    np.testing.assert_array_equal(image, copy)


def test_frames_do_not_depend_on_frames_made_before():
    image = bgr(media.astronaut())
    session = open_session([Picture(image)])
    frame(session, jaw_open=1.0, head_roll=9.0)
    second = frame(session, **EXPRESSION).pixels
    fresh = frame(open_session([Picture(image)]), **EXPRESSION).pixels
    np.testing.assert_array_equal(second, fresh)


RIG = [BY_NAME[name] for name in RIG_NAMES]
ENDS = [(c.name, end) for c in RIG for end in c.soft_range if end != c.rest]
NEGATIVE = [("mouth_wide", -1.0), ("mouth_pucker", -1.0)]


@pytest.mark.parametrize(("name", "end"), ENDS + NEGATIVE)
@pytest.mark.parametrize("portrait", ["astronaut", "hopper"])
def test_every_slider_moves_its_own_region(portrait: str, name: str, end: float):
    path = getattr(media, portrait)()
    source = bgr(path)
    made = pixels(path, **{name: end})
    apart = difference(made, source)
    face = face_of(path).landmarks
    span = np.linalg.norm(face[263, :2] - face[33, :2])
    group = BY_NAME[name].group
    nothing_to_close = name == "mouth_close" and portrait == "hopper"
    assert nothing_to_close or (apart > 8).sum() > 0.002 * span**2
    rows = np.arange(len(apart))[:, None]
    if group in (Group.EYES, Group.BROWS):
        assert apart[(rows > face[2, 1]) & (apart >= 0)].max() <= 2, "eyes and brows leave everything below the nose"
    if group is Group.MOUTH:
        above = np.broadcast_to(rows < min(face[159, 1], face[386, 1]) - 0.05 * span, apart.shape)
        assert apart[above].max() <= 4, "the mouth leaves everything above the lids"


@pytest.mark.parametrize("control", [c for c in POSE_CONTROLS if c.engine], ids=lambda control: control.name)
def test_another_engines_sliders_leave_the_source_as_it_is(control):
    for value in (control.minimum, control.maximum):
        np.testing.assert_array_equal(pixels(media.astronaut(), **{control.name: value}), bgr(media.astronaut()))


@pytest.mark.parametrize(("name", "other"), [("wink_l", "wink_r"), ("brow_l", "brow_r")])
def test_left_and_right_are_the_subjects_own(name: str, other: str):
    source = bgr(media.astronaut())
    middle = int(face_of(media.astronaut()).landmarks[168, 0])
    left, right = (difference(pixels(media.astronaut(), **{n: 1.0}), source) for n in (name, other))
    assert left[:, middle:].sum() > 20 * left[:, :middle].sum(), "the subject's left is at the image's right"
    assert right[:, :middle].sum() > 20 * right[:, middle:].sum()

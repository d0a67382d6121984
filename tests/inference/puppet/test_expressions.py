# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Re-tracked features of rendered frames follow the sliders; nothing folds; spectacles stay."""

from __future__ import annotations

import media
import numpy as np
import pytest
from puppets import bgr, difference, face_of, features, frame, open_session, pixels, smallest_seen_area

from inference.controls import BY_NAME, RIG_NAMES, Group, pose_from
from inference.engines.puppet.colour import Canvas
from inference.engines.puppet.expression import expression_of
from inference.engines.puppet.frame import FaceFrame
from inference.engines.puppet.portrait import Portrait
from inference.engines.puppet.spectacles import FrontView, wears_spectacles
from inference.engines.puppet.warp import compose_warp
from inference.media.picture import Picture

PORTRAITS = ("astronaut", "hopper")
BOTH_WAYS = (-1.0, -0.5, 0.0, 0.5, 1.0)
ONE_WAY = (0.0, 0.25, 0.5, 0.75, 1.0)
LIDS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)

# slider, its values, the feature, and the least slope on the astronaut and on Hopper, whose spectacles hide much:
# under the glare on her right lens the tracker does not tell whether the eye is open.
FOLLOWS = [
    ("eye_open", LIDS, "eye_right", 0.14, 0.05),
    ("eye_open", LIDS, "eye_left", 0.14, 0.06),
    ("wink_l", ONE_WAY, "eye_left", -0.12, -0.05),
    ("wink_r", ONE_WAY, "eye_right", -0.12, None),
    ("jaw_open", ONE_WAY, "mouth_gap", 0.15, 0.18),
    ("jaw_open", ONE_WAY, "jaw", 0.12, 0.18),
    ("mouth_wide", BOTH_WAYS, "mouth_width", 0.09, 0.08),
    ("mouth_pucker", BOTH_WAYS, "mouth_width", -0.12, -0.11),
    ("mouth_smile", BOTH_WAYS, "mouth_corner", 0.035, 0.04),
    ("brow", BOTH_WAYS, "brow_right", 0.025, 0.02),
    ("brow", BOTH_WAYS, "brow_left", 0.025, 0.02),
    ("gaze_x", BOTH_WAYS, "gaze_x", 0.15, 0.08),
]


CASES = [(portrait, *case[:3], least) for case in FOLLOWS for portrait, least in zip(PORTRAITS, case[3:], strict=True)]


@pytest.mark.parametrize(("portrait", "name", "values", "feature", "least"), [c for c in CASES if c[-1] is not None])
def test_the_face_follows_the_slider(portrait: str, name: str, values: tuple[float, ...], feature: str, least: float):
    path = getattr(media, portrait)()
    near = face_of(path)
    measured = [getattr(features(pixels(path, **{name: value}), near), feature) for value in values]
    slope = float(np.polyfit(values, measured, 1)[0])
    correlation = float(np.corrcoef(values, measured)[0, 1])
    print(f"{portrait} {name} -> {feature}: slope {slope:+.3f}, correlation {correlation:+.3f}")
    assert slope * np.sign(least) >= abs(least)
    assert abs(correlation) > 0.8


def test_gaze_up_and_down_moves_the_iris():
    path = media.astronaut()
    near = face_of(path)
    up, down = (features(pixels(path, gaze_y=value), near).gaze_y for value in (1.0, -1.0))
    # The tracker hardly sees vertical gaze, so the iris is looked for as well: as the darkest row inside the eye.
    assert up < down + 0.01 or _iris_row(path, 1.0) < _iris_row(path, -1.0)
    assert _iris_row(path, 1.0) < _iris_row(path, 0.0) - 1


def _iris_row(path, gaze: float) -> float:
    corner, inner = face_of(path).landmarks[[33, 133], :2]
    x0, x1, y = int(corner[0]) + 5, int(inner[0]) - 5, int((corner[1] + inner[1]) / 2)
    grey = pixels(path, gaze_y=gaze)[y - 6 : y + 5, x0:x1].astype(float).mean(axis=(1, 2))
    dark = np.clip(np.percentile(grey, 70) - grey, 0, None)
    return float((dark * np.arange(len(dark))).sum() / dark.sum())


def test_closing_brings_open_lips_together():
    path = media.astronaut()
    near = face_of(path)
    assert features(pixels(path), near).mouth_gap > 0.1
    assert features(pixels(path, mouth_close=1.0), near).mouth_gap < 0.03
    opened = features(pixels(path, jaw_open=1.0, mouth_close=1.0), near)
    assert opened.mouth_gap < 0.06


@pytest.mark.parametrize("portrait", ["astronaut", "hopper"])
def test_what_is_seen_never_folds(portrait: str):
    path = getattr(media, portrait)()
    prepared = Portrait.of(Canvas.of(Picture(bgr(path))), face_of(path))
    controls = [BY_NAME[name] for name in RIG_NAMES if BY_NAME[name].group is not Group.HEAD]
    rng = np.random.default_rng(1)
    poses = [{c.name: end} for c in controls for end in (c.minimum, c.maximum) if end != c.rest]
    poses += [{c.name: float(rng.uniform(c.minimum, c.maximum)) for c in controls} for _ in range(12)]
    for pose in poses:
        expression = expression_of(prepared, pose_from(pose))
        assert expression is not None
        warp = compose_warp(None, expression.layers, prepared.canvas.size)
        assert smallest_seen_area(prepared, warp) > 0, f"a fold at {pose}"


def test_spectacles_are_told_from_none():
    for path, worn in ((media.astronaut(), False), (media.hopper(), True)):
        canvas = Canvas.of(Picture(bgr(path)))
        assert wears_spectacles(FrontView.of(FaceFrame.of(face_of(path)), canvas)) is worn


@pytest.mark.parametrize("controls", [{"brow": 1.0}, {"brow": -1.0}, {"eye_open": 0.0}])
def test_the_frame_of_worn_spectacles_stays(controls: dict[str, float]):
    source = bgr(media.hopper())
    landmarks = face_of(media.hopper()).landmarks
    worn = frame(open_session([Picture(source)], settings={"spectacles": "on"}), **controls).pixels
    none = frame(open_session([Picture(source)], settings={"spectacles": "off"}), **controls).pixels
    # Black rims between lids and brows: the darkest pixels there.
    top, bottom = int(landmarks[[105, 334], 1].min()) - 4, int(landmarks[[159, 386], 1].max()) - 3
    part = (slice(top, bottom), slice(int(landmarks[33, 0]), int(landmarks[263, 0])))
    rims = source[part].max(axis=2) < 60
    assert rims.sum() > 100
    moved_worn, moved_none = difference(worn, source)[part][rims], difference(none, source)[part][rims]
    assert np.percentile(moved_worn, 90) <= 12
    assert moved_none.mean() > 2 * moved_worn.mean() + 2


def test_a_drawn_mouth_is_warm():
    """Teeth are lighter than the cavity, and nothing inside the mouth is blue or green."""
    landmarks = face_of(media.hopper()).landmarks
    made = pixels(media.hopper(), jaw_open=1.0).astype(float)
    centre, seam = int(landmarks[13, 0]), int(landmarks[13, 1])
    span = float(np.linalg.norm(landmarks[263, :2] - landmarks[33, :2]))
    inside = made[seam + 3 : seam + int(0.18 * span), centre - int(0.1 * span) : centre + int(0.1 * span)]
    blue, green, red = inside[..., 0], inside[..., 1], inside[..., 2]
    assert (red >= green - 2).all() and (green >= blue - 12).all()
    assert inside[:6].mean() > 110 and np.percentile(inside.mean(axis=2), 5) < 60

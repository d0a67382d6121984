# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Head rotation: what re-tracking says, no folds, edges, bounds."""

import cv2
import numpy as np
import pytest
from faces import PORTRAITS, eye_span, face, mean_distance, picture, tracker

from inference.controls import rest_pose
from inference.engines.puppet.calibrate import HIGHEST_GAIN, LOWEST_GAIN, calibrated
from inference.engines.puppet.depth import Relief
from inference.engines.puppet.head import Background, HeadWarp, TurnGains, bounded_turn, head_rests
from inference.face.face import Face
from inference.face.pose import head_pose

HEADS: dict[tuple[str, str], HeadWarp] = {}


def head_of(name: str, background: str = "stretch") -> HeadWarp:
    """A calibrated head, made once a session."""
    if (name, background) not in HEADS:
        height, width = picture(name).shape[:2]
        made = HeadWarp.build(face(name), (width, height), background)
        HEADS[name, background] = calibrated(made, face(name), picture(name), tracker())
    return HEADS[name, background]


def pose(**values: float) -> dict[str, float]:
    return {**rest_pose(), **values}


def rendered(name: str, head: HeadWarp, **values: float) -> np.ndarray:
    field = head.inverse(pose(**values))
    height, width = picture(name).shape[:2]
    return cv2.remap(
        picture(name), field.map(0, 0, width, height), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


def least_area(field) -> float:
    """Smallest factor by which the field changes areas; negative where it folds."""
    grid = field.grid.astype(float) / field.step
    dx, dy = np.diff(grid, axis=1)[:-1], np.diff(grid, axis=0)[:, :-1]
    return float(((1 + dx[..., 0]) * (1 + dy[..., 1]) - dx[..., 1] * dy[..., 0]).min())


def random_pose(generator, angle_deg: float, shift: float, octave: float) -> dict[str, float]:
    u = generator.uniform(-1, 1, 6)
    yaw, pitch, roll = u[:3] * angle_deg
    return pose(
        head_yaw=yaw,
        head_pitch=pitch,
        head_roll=roll,
        head_x=u[3] * shift,
        head_y=u[4] * shift,
        head_scale=2 ** (u[5] * octave),
    )


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("angle", ["yaw", "pitch", "roll"])
def test_rendered_head_turns_as_told(name, angle):
    """Calibration on a small view; measured here on the whole picture, with detection."""
    at_rest = head_pose(face(name).landmarks, tracker().mesh)
    wanted = np.array([-20.0, -15.0, -10.0, -5.0, 5.0, 10.0, 15.0, 20.0])
    found = []
    for turn in wanted:
        seen = tracker().follow(rendered(name, head_of(name), **{f"head_{angle}": turn}), face(name))
        turned = head_pose(seen.landmarks, tracker().mesh)
        found.append(getattr(turned, f"{angle}_deg") - getattr(at_rest, f"{angle}_deg"))
    slope, offset = np.polyfit(wanted, found, 1)
    correlation = np.corrcoef(wanted, found)[0, 1]
    print(
        f"{name} {angle}: slope {slope:.3f}, offset {offset:+.2f}, correlation {correlation:.4f}; "
        + ", ".join(f"{w:+.0f}: {f:+.1f}" for w, f in zip(wanted, found, strict=True))
    )
    assert 0.9 < slope < 1.1 and correlation > 0.995
    assert np.abs(np.array(found) - wanted).max() < 2.0


@pytest.mark.parametrize("name", PORTRAITS)
def test_calibration_gains(name):
    gains = head_of(name).gains
    print(f"{name}: {gains}")
    for gain in (gains.right, gains.left, gains.up, gains.down):
        assert LOWEST_GAIN <= gain <= HIGHEST_GAIN
    height, width = picture(name).shape[:2]
    again = calibrated(HeadWarp.build(face(name), (width, height)), face(name), picture(name), tracker())
    assert again.gains == gains


def test_calibration_where_no_face_is_seen():
    blank = np.full((600, 512, 3), 90, np.uint8)
    head = HeadWarp.build(face("hopper"), (512, 600))
    assert calibrated(head, face("hopper"), blank, tracker()).gains == TurnGains()


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("background", ["stretch", "hold"])
@pytest.mark.parametrize("limits", [(20, 0.3, 0.3), (45, 0.5, 1.0)], ids=["soft", "hard"])
def test_no_pose_folds(name, background, limits):
    head, generator, least = head_of(name, background), np.random.default_rng(5), []
    for _ in range(40):
        told = random_pose(generator, *limits)
        forward, inverse = head.forward(told), head.inverse(told)
        assert np.all(np.isfinite(inverse.grid))
        least.append(least_area(forward))
        back = inverse.grid + forward.at(inverse.centres() + inverse.grid)
        assert np.abs(back).max() < (0.5 if limits[0] == 20 else 0.25 * head.shape.width)
    print(f"{name} {background} {limits}: smallest area factor {min(least):.3f}")
    assert min(least) > (0.08 if limits[0] == 20 else 0.0)


@pytest.mark.parametrize("axis,value", [("head_x", 0.3), ("head_x", -0.3), ("head_y", 0.3), ("head_y", -0.3)])
@pytest.mark.parametrize("name", PORTRAITS)
def test_shift_is_in_face_widths(name, axis, value):
    head = head_of(name)
    seen = tracker().follow(rendered(name, head, **{axis: value}), face(name))
    moved = (seen.landmarks - face(name).landmarks)[:, :2].mean(axis=0) / head.shape.width
    expected = (value, 0) if axis == "head_x" else (0, -value)
    assert np.abs(moved - expected).max() < 0.04


@pytest.mark.parametrize("scale", [0.7, 1.3])
@pytest.mark.parametrize("name", PORTRAITS)
def test_scale_is_a_factor(name, scale):
    seen = tracker().follow(rendered(name, head_of(name), head_scale=scale), face(name))
    assert eye_span(seen) / eye_span(face(name)) == pytest.approx(scale, abs=0.03)


@pytest.mark.parametrize("name", PORTRAITS)
def test_forward_tells_where_landmarks_go(name):
    told = pose(head_yaw=12, head_pitch=-8, head_roll=10, head_x=0.1)
    head = head_of(name)
    points = face(name).landmarks[:, :2]
    expected = points + head.forward(told).at(points)
    image = rendered(name, head, **{key: told[key] for key in ("head_yaw", "head_pitch", "head_roll", "head_x")})
    seen = tracker().follow(image, face(name))
    assert mean_distance(seen.landmarks, expected) < 0.04 * eye_span(face(name))


def test_rest_is_none():
    assert head_rests(rest_pose())
    assert head_of("hopper").inverse(rest_pose()) is None
    assert head_of("hopper").forward(pose(head_yaw=1e-6)) is None
    assert not head_rests(pose(head_scale=1.1))


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("background", ["stretch", "hold"])
def test_small_changes_make_small_differences(name, background):
    """Ramps that follow the pose must not jump."""
    head = head_of(name, background)
    for told in ({}, {"head_yaw": 24.0}, {"head_scale": 1.0}, {"head_pitch": 0.0, "head_roll": -20.0}):
        before, after = pose(**told), pose(**told)
        for key, amount in (("head_yaw", 0.1), ("head_roll", 0.1), ("head_x", 0.001), ("head_scale", 0.001)):
            after[key] += amount
        a, b = head.inverse(before), head.inverse(after)
        step = np.abs(b.grid - (0 if a is None else a.grid)).max()
        assert step < 0.02 * head.shape.width, told


def test_far_places_stay():
    canvas = np.zeros((1024, 2048, 3), np.uint8)
    moved = Face(face("hopper").landmarks + np.array([300, 300, 0]), 1.0)
    head = HeadWarp.build(moved, (canvas.shape[1], canvas.shape[0]))
    field = head.inverse(pose(head_yaw=20, head_roll=20, head_x=0.3))
    far = np.array([[1900.0, 100.0], [1900, 900], [2040, 5]])
    assert np.abs(field.at(far)).max() == 0
    x0, _, x1, _ = field.moving_box()
    assert x1 - x0 < 7 * head.shape.width


@pytest.mark.parametrize("told", [{"head_x": 0.4}, {"head_x": -0.4}, {"head_y": -0.4}, {"head_roll": 30.0}])
def test_heads_cropped_by_the_frame_show_nothing_from_outside(told):
    left, top, right, bottom = (int(value) for value in face("hopper").box())
    crop = picture("hopper")[top + 20 : bottom - 15, left + 15 : right - 15]
    cropped = Face(face("hopper").landmarks - (left + 15, top + 20, 0), 1.0)
    height, width = crop.shape[:2]
    field = HeadWarp.build(cropped, (width, height)).inverse(pose(**told))
    source = field.map(0, 0, width, height)
    # Resampling repeats the border; only a few pixels of it may show.
    assert source[..., 0].min() > -4 and source[..., 0].max() < width + 3
    assert source[..., 1].min() > -4 and source[..., 1].max() < height + 3


def test_turns_are_bounded_softly():
    assert bounded_turn(pose(head_yaw=20, head_pitch=-15)) == (20, -15)
    sizes = [np.hypot(*bounded_turn(pose(head_yaw=angle))) for angle in np.linspace(0, 45, 91)]
    assert np.all(np.diff(sizes) > 0) and sizes[-1] < 38
    yaw, pitch = bounded_turn(pose(head_yaw=45, head_pitch=-45))
    assert yaw == pytest.approx(-pitch) and np.hypot(yaw, pitch) < 38


def test_relief_limits_slopes_and_keeps_peaks():
    y, x = np.mgrid[:60, :60]
    surface = np.maximum(0, 40 - 4 * np.hypot(x - 30, y - 30)).astype(np.float32)
    relief = Relief.of(surface, 2.0)
    for slope in (1.5, 1.0, 0.7):
        limited = relief.at_most(slope)
        steepest = max(np.abs(np.diff(limited, axis=axis)).max() / 2.0 for axis in (0, 1))
        assert steepest <= slope * 1.02
        assert limited[30, 30] == pytest.approx(40) and np.all(limited >= surface - 1e-4)
    assert np.array_equal(relief.at_most(9.0), surface)


def test_background_names_are_the_settings_choices():
    from inference.engines.puppet.description import BACKGROUND

    assert [choice.value for choice in BACKGROUND.choices] == [background.value for background in Background]

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmark motion moves mouth and brows as it says, opens and closes lips like the sliders do, and never folds."""

from __future__ import annotations

from functools import cache

import media
import numpy as np
import pytest
from puppets import (
    bgr,
    difference,
    face_of,
    features,
    open_session,
    pixels,
    session_of,
    smallest_seen_area,
    tracker,
)

from inference.capture.regions import RegionWeights
from inference.controls import pose_from, rest_pose
from inference.engines.engine import FrameRequest, Quality
from inference.engines.puppet.act import Act, in_face
from inference.engines.puppet.colour import Canvas
from inference.engines.puppet.deltas import BROW_RAISE
from inference.engines.puppet.expression import expression_of
from inference.engines.puppet.frame import FaceFrame, smoothstep
from inference.engines.puppet.portrait import Portrait
from inference.engines.puppet.rows import EYES, LOWER_LIP, MOUTH_CORNERS, SKIN_POINTS, UPPER_LIP
from inference.engines.puppet.stretch import FULL, LEAST_LENGTH, Skin
from inference.engines.puppet.warp import compose_warp
from inference.face.face import Face
from inference.face.pose import head_pose
from inference.media.picture import Picture

PORTRAITS = ("astronaut", "hopper")
INNER = (list(UPPER_LIP[0]), list(LOWER_LIP[0]))


@cache
def portrait_of(name: str) -> Portrait:
    path = getattr(media, name)()
    return Portrait.of(Canvas.of(Picture(bgr(path))), face_of(path))


def acted(session, motion: np.ndarray | None, picture: int = 0, **controls: float) -> Picture:
    request = FrameRequest(3, picture, pose_from(controls), motion)
    ((index, made),) = session.frames([request], Quality.FINAL)
    assert index == 3
    return made


@cache
def _mesh_points() -> np.ndarray:
    points = tracker().mesh.image_vertices
    return points / np.linalg.norm(points[33] - points[263])


def jaw_motion(drop: float) -> np.ndarray:
    """A jaw that drops by this much in the middle and draws back, upper lip and corners nearly still."""
    points = _mesh_points()
    side = np.abs(points[:, 0])
    weight = smoothstep(0.40, 0.62, points[:, 1]) * (1 - 0.75 * smoothstep(0.2, 0.8, side))
    lower = [n for row in LOWER_LIP for n in row[1:-1]]
    weight[lower] = 1 - 0.7 * np.minimum(side[lower] / 0.28, 1) ** 2.6
    weight[[n for row in UPPER_LIP for n in row[1:-1]]] = 0
    weight[list(MOUTH_CORNERS)] = 0.28
    return drop * weight[:, None] * (0.0, 1.0, 0.4)


def brow_motion(rise: float) -> np.ndarray:
    """Brows and forehead that rise."""
    motion = np.zeros((SKIN_POINTS, 3))
    motion[:, 1] = -rise
    return RegionWeights.of(tracker().mesh).weighted(motion, 0.0, 1.0)


@pytest.mark.parametrize("portrait", PORTRAITS)
def test_no_motion_changes_no_pixel(portrait: str):
    path = getattr(media, portrait)()
    none = np.zeros((SKIN_POINTS, 3), np.float32)
    session = session_of(path)
    assert acted(session, none).pixels is acted(session, None).pixels
    for pose in ({"jaw_open": 0.6, "eye_open": 0.3}, {"brow": 1.0, "head_yaw": 9.0}):
        assert np.array_equal(acted(session, none, **pose).pixels, pixels(path, **pose))


def test_the_same_motion_gives_the_same_pixels():
    motion = jaw_motion(0.2) + brow_motion(0.05)
    first = acted(open_session([Picture(bgr(media.astronaut()))]), motion, head_yaw=8.0).pixels
    session = session_of(media.astronaut())
    acted(session, jaw_motion(0.1))
    assert np.array_equal(acted(session, motion, head_yaw=8.0).pixels, first)


def test_a_moving_source_takes_on_motion_as_a_still_one_does():
    picture = Picture(bgr(media.astronaut()))
    motion, pose = jaw_motion(0.2) + brow_motion(0.05), {"mouth_smile": 0.4, "jaw_open": 0.2}
    still = acted(session_of(media.astronaut()), motion, **pose).pixels
    moving = acted(open_session([picture, picture]), motion, 1, **pose).pixels
    assert np.mean(difference(still, moving) > 8) < 0.002
    assert np.mean(difference(still, pixels(media.astronaut(), **pose)) > 8) > 0.01


@pytest.mark.parametrize("portrait", PORTRAITS)
def test_a_dropping_jaw_opens_the_mouth_more_and_more(portrait: str):
    path = getattr(media, portrait)()
    drops = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.25])
    gaps = [features(acted(session_of(path), jaw_motion(drop)).pixels, face_of(path)).mouth_gap for drop in drops]
    slope = float(np.polyfit(drops, gaps, 1)[0])
    print(f"{portrait}: gap {slope:.2f} of what was asked, {np.round(gaps, 3)}")
    assert 0.65 < slope < 1.2
    assert np.corrcoef(drops, gaps)[0, 1] > 0.95


@pytest.mark.parametrize("portrait", PORTRAITS)
def test_the_skin_goes_where_the_motion_says(portrait: str):
    """Lips, chin and brows in the dense fields, of the layer in which they are seen."""
    prepared = portrait_of(portrait)
    moved = _shift(portrait, jaw_motion(0.15) + brow_motion(0.05))
    expression = expression_of(prepared, rest_pose(), moved)
    assert expression is not None
    brows = () if prepared.spectacles else (105, 334)
    for layer, numbers in ((0, (13, 0, 61, 291, *brows)), (1, (14, 17, 152, 61, 291))):
        at = prepared.frame.to_picture(prepared.frame.points[list(numbers)])
        found = expression.layers[layer].at(at) @ prepared.frame.axes.T / prepared.frame.span_px
        assert found == pytest.approx(moved[list(numbers)], abs=0.015)


def test_an_opened_mouth_shows_what_the_slider_shows():
    """Hopper's mouth is closed, so that all within it is drawn: dark cavity, upper and lower teeth."""
    path = media.hopper()
    session, near = session_of(path), face_of(path)
    by_motion, by_slider = acted(session, jaw_motion(0.24)).pixels, pixels(path, jaw_open=1.0)
    for made in (by_motion, by_slider):
        inside = _between_the_lips(made, near)
        brightness = inside.astype(float).mean(axis=1)
        assert np.mean(brightness < 60) > 0.15  # cavity
        assert np.mean(brightness > 130) > 0.05  # teeth
    poses = [expression_of(portrait_of("hopper"), rest_pose(), _shift("hopper", jaw_motion(0.24))),
             expression_of(portrait_of("hopper"), pose_from({"jaw_open": 1.0}))]  # fmt: skip
    assert poses[0] is not None and poses[1] is not None
    assert poses[0].mouth.jaw == pytest.approx(poses[1].mouth.jaw, abs=0.15)


def _between_the_lips(made: np.ndarray, near: Face) -> np.ndarray:
    found = tracker().follow(made, near)
    assert found is not None
    top, bottom = found.landmarks[[82, 13, 312], :2], found.landmarks[[87, 14, 317], :2]
    parts = np.linspace(0.1, 0.9, 30)[:, None, None]
    at = np.rint(top + parts * (bottom - top)).astype(int).reshape(-1, 2)
    return made[at[:, 1], at[:, 0]]


def _shift(name: str, motion: np.ndarray) -> np.ndarray:
    return in_face(motion, portrait_of(name).face, tracker().mesh)


def _gap(name: str, moved: np.ndarray) -> np.ndarray:
    """(11,) gap of the lips in face coordinates after displacements (468, 2)."""
    points = portrait_of(name).frame.points[:SKIN_POINTS] + moved
    return points[INNER[1], 1] - points[INNER[0], 1]


def test_lips_close_as_far_as_the_actors_do_and_not_through_each_other():
    open_mouth = lips("astronaut", np.zeros((SKIN_POINTS, 2)))
    for closing in (0.05, 0.5):
        gap = lips("astronaut", total("astronaut", closing_motion(closing)))
        assert np.all(gap[1:-1] > -1e-6)
        assert gap[3:8] == pytest.approx(np.maximum(open_mouth - closing, 0)[3:8], abs=0.012)
    closed = lips("hopper", total("hopper", closing_motion(0.1)))
    assert np.all(closed >= np.minimum(lips("hopper", np.zeros((SKIN_POINTS, 2))), 0) - 1e-6)


def test_a_smile_that_closes_is_seen_to_close():
    path = media.astronaut()
    near = face_of(path)
    gaps = [features(acted(session_of(path), closing_motion(by)).pixels, near).mouth_gap for by in (0.0, 0.05, 0.2)]
    assert gaps[0] - gaps[1] > 0.03
    assert gaps[2] < 0.03


def closing_motion(by: float) -> np.ndarray:
    """Lips that come nearer to each other, the lower one by most of it."""
    motion = np.zeros((SKIN_POINTS, 3))
    motion[[n for row in LOWER_LIP for n in row[1:-1]], 1] = -0.65 * by
    motion[[n for row in UPPER_LIP for n in row[1:-1]], 1] = 0.35 * by
    return motion


def lips(name: str, moved: np.ndarray) -> np.ndarray:
    """(11,) gap between the lips in face coordinates after displacements (468, 2)."""
    points = portrait_of(name).frame.points[:SKIN_POINTS] + moved
    return points[INNER[1], 1] - points[INNER[0], 1]


def total(name: str, motion: np.ndarray, **controls: float) -> np.ndarray:
    """(468, 2) displacement by sliders and motion together, before the skin's limits."""
    portrait = portrait_of(name)
    act = Act.of(portrait.movements, pose_from(controls), _shift(name, motion))
    assert act.motion is not None
    return portrait.movements.total(act.amplitudes) + act.motion.moved


@pytest.mark.parametrize("portrait", PORTRAITS)
def test_the_slider_that_closes_the_mouth_also_closes_what_motion_opens(portrait: str):
    path = getattr(media, portrait)()
    made = acted(session_of(path), jaw_motion(0.2), mouth_close=1.0).pixels
    assert features(made, face_of(path)).mouth_gap < 0.06


@pytest.mark.parametrize("portrait", PORTRAITS)
def test_brows_rise_and_eyes_and_mouth_stay(portrait: str):
    path = getattr(media, portrait)()
    session, near = session_of(path), face_of(path)
    made = acted(session, brow_motion(0.07)).pixels
    before, after, slid = (features(image, near) for image in (bgr(path), made, pixels(path, brow=0.07 / BROW_RAISE)))
    rise, by_slider = (f.brow_right + f.brow_left - before.brow_right - before.brow_left for f in (after, slid))
    print(f"{portrait}: brows {rise / 2:.3f} higher of 0.07, by slider {by_slider / 2:.3f}")
    # Hopper's brows are behind the frames of her spectacles.
    assert rise > (0.8 * by_slider if portrait == "astronaut" else 0.01)
    for eye in EYES:
        corners, lids = near.landmarks[[eye.upper[0][0], eye.upper[0][-1]], 0], near.landmarks[:, 1]
        rows = slice(int(lids[list(eye.upper[0])].min()) + 1, int(lids[list(eye.lower[0])].max()))
        columns = slice(int(corners.min()) + 3, int(corners.max()) - 3)
        assert np.percentile(difference(made, bgr(path))[rows, columns], 90) <= 4
    below = slice(int(near.landmarks[2, 1]), None)
    assert difference(made, bgr(path))[below].max() == 0


@pytest.mark.parametrize("portrait", PORTRAITS)
def test_spectacles_stay_while_motion_moves_the_brows_behind_them(portrait: str):
    moved = expression_of(portrait_of(portrait), rest_pose(), _shift(portrait, brow_motion(0.05)))
    still = expression_of(portrait_of(portrait), rest_pose(), _shift(portrait, jaw_motion(0.1)))
    assert moved is not None and still is not None
    assert moved.behind_spectacles and not still.behind_spectacles


@pytest.mark.parametrize("portrait", PORTRAITS)
@pytest.mark.parametrize("strength", [1.0, 2.0, 4.0])
def test_motion_never_folds_what_is_seen(portrait: str, strength: float):
    prepared = portrait_of(portrait)
    rng = np.random.default_rng(2)
    regions, points = RegionWeights.of(tracker().mesh), _mesh_points()
    for _ in range(12):
        # A jaw that drops, and smooth motion of any direction on top, as a wild face or a bad track makes.
        wave = rng.normal(size=(3, 3)) * 0.06
        motion = jaw_motion(rng.uniform(0, 0.3)) + np.sin(points[:, :2] @ rng.normal(size=(2, 3)) * 3) @ wave
        motion = regions.weighted(motion, strength, strength)
        expression = expression_of(prepared, rest_pose(), in_face(motion, prepared.face, tracker().mesh))
        assert expression is not None
        warp = compose_warp(None, expression.layers, prepared.canvas.size)
        assert smallest_seen_area(prepared, warp) > 0


def skin_of(still: np.ndarray, shown: bool = True, held: np.ndarray | None = None) -> Skin:
    """Skin of which the upper half is forehead and the lower half mouth."""
    shape = still.shape[:2]
    height = np.where(np.arange(shape[0])[:, None] < shape[0] // 2, -1.0, 1.0) * np.ones(shape)
    return Skin(still, 4, np.full(shape, shown), np.zeros(shape, np.float32) if held is None else held, height)


def test_a_field_is_added_only_as_far_as_it_does_not_fold():
    """A field that shrinks everything by half may be added nearly once to nothing, and less to one that shrinks."""
    y, x = np.mgrid[0:20, 0:20].astype(np.float32) * 4
    shrink = np.dstack([-0.5 * x, -0.5 * y])
    still = skin_of(np.zeros_like(shrink))
    amounts = np.array([0.5, 1, 2, 4], np.float32)
    made = amounts * [still.shares(by * shrink).mouth for by in amounts]
    assert made[0] == pytest.approx(0.5, abs=0.001)
    assert np.all(made * 0.5 < 1 - LEAST_LENGTH + 1e-6)
    assert np.all(np.diff(made) > 0)
    assert skin_of(shrink).shares(shrink).mouth < still.shares(shrink).mouth
    assert skin_of(np.zeros_like(shrink), shown=False).shares(4 * shrink) == FULL


def test_brows_do_not_hold_the_mouth_back():
    shrink = np.zeros((20, 20, 2), np.float32)
    shrink[:8, :, 0] = -2 * 4 * np.arange(20)
    shares = skin_of(np.zeros_like(shrink)).shares(shrink)
    assert shares.mouth == 1 and shares.brows < 0.5
    assert shares.at(np.array([-1.0, 1.0])) == pytest.approx([shares.brows, 1.0])


def test_a_squeezed_place_takes_its_surroundings_along():
    """A step of displacement is spread over more cells, and is left alone where skin is held."""
    field = np.zeros((40, 40, 2), np.float32)
    field[20:, :, 1] = -4.0
    held = np.zeros((40, 40), np.float32)
    held[:, :10] = 1
    skin = skin_of(np.zeros_like(field), held=held)
    eased = skin.eased(field)
    assert np.array_equal(eased[:, :10], field[:, :10])
    assert np.diff(eased[:, 25, 1]).min() > -0.7 * 4
    assert np.abs(eased[[0, -1], 25, 1] - field[[0, -1], 25, 1]).max() < 0.05
    gentle = 0.3 * field
    assert np.array_equal(skin.eased(gentle), gentle)


@pytest.mark.parametrize(("yaw_deg", "pitch_deg", "roll_deg"), [(35, 0, 0), (0, -20, 0), (-25, 10, 30)])
def test_motion_is_turned_as_the_portrait_is(yaw_deg: float, pitch_deg: float, roll_deg: float):
    """Against a head that is turned with the motion already on it."""
    mesh = tracker().mesh
    turn = _rotation(yaw_deg, pitch_deg, roll_deg)
    motion = np.random.default_rng(3).normal(size=(SKIN_POINTS, 3)) * 0.05
    span = np.linalg.norm(mesh.image_vertices[33] - mesh.image_vertices[263])
    before, after = (
        7.0 * (mesh.image_vertices + moved * span) @ turn.T + (300, 200, 0) for moved in (0 * motion, motion)
    )
    face = Face(np.concatenate([before, np.zeros((10, 3))]), 1.0)
    assert head_pose(face.landmarks, mesh).yaw_deg == pytest.approx(yaw_deg, abs=0.01) or pitch_deg or roll_deg
    frame = FaceFrame.of(face)
    expected = frame.to_face(after[:, :2]) - frame.to_face(before[:, :2])
    assert in_face(motion, face, mesh) == pytest.approx(expected, abs=1e-6)


def _rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> np.ndarray:
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return about_z @ about_x @ about_y


@pytest.mark.parametrize("yaw", [-20.0, 0.0, 20.0])
def test_a_portrait_that_looks_aside_opens_its_mouth_as_the_slider_does(yaw: float):
    aside = pixels(media.astronaut(), head_yaw=yaw)
    near = tracker().faces(aside)[0]
    session = open_session([Picture(aside)])
    made = [acted(session, None), acted(session, jaw_motion(0.24)), acted(session, None, jaw_open=1.0)]
    rest, by_motion, by_slider = (features(picture.pixels, near).mouth_gap for picture in made)
    print(f"turned by {yaw:+.0f}: mouth opens by {by_motion - rest:.3f}, by slider {by_slider - rest:.3f}")
    assert by_motion - rest == pytest.approx(by_slider - rest, rel=0.25)

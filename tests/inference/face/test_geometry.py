# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canonical mesh, pose and features."""

import dataclasses

import numpy as np
import pytest
from faces import PORTRAITS, face, tracker
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.face.features import measure
from inference.face.mesh import parse_mesh
from inference.face.pose import head_pose, similarity
from inference.face.tables import BLENDSHAPE_INPUT, BLENDSHAPE_NAMES, OVAL, STABLE


def rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> np.ndarray:
    """Roll, then pitch, then yaw in the picture's axes (x right, y down, z away) with the rig's signs."""
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    ry = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    rx = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    rz = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return ry @ rx @ rz


def test_canonical_mesh_check_values():
    mesh = tracker().mesh
    assert mesh.vertices.shape == (468, 3) and mesh.triangles.shape == (898, 3) and mesh.weights.shape == (33, 2)
    assert np.allclose(mesh.vertices[0], (0, -3.406404, 5.979507), atol=1e-6)
    assert np.allclose(mesh.vertices[1], (0, -1.126865, 7.475604), atol=1e-6)
    assert np.allclose(mesh.vertices.min(axis=0), (-7.743095, -9.403378, -2.435867), atol=1e-6)
    assert np.allclose(mesh.vertices.max(axis=0), (7.743095, 8.261778, 7.58658), atol=1e-6)
    assert mesh.triangles[:3].tolist() == [[173, 155, 133], [246, 33, 7], [382, 398, 362]]
    assert mesh.weights[0].tolist() == pytest.approx([4, 0.070909940])


def test_mesh_that_is_no_mesh():
    for content in (b"", b"\x0a\x05ab", b"\xff" * 20, b"\x0a"):
        with pytest.raises((ValueError, IndexError)):
            parse_mesh(content)


def test_tables():
    assert len(OVAL) == 36 and len(STABLE) == 31 and len(BLENDSHAPE_INPUT) == 146 and len(BLENDSHAPE_NAMES) == 52
    assert BLENDSHAPE_NAMES[25] == "jawOpen" and BLENDSHAPE_NAMES[51] == "noseSneerRight"


angles = st.floats(-60, 60)


@settings(deadline=None, max_examples=50)
@given(angles, angles, st.floats(-170, 170))
def test_pose_of_a_turned_mesh(yaw, pitch, roll):
    mesh = tracker().mesh
    turned = mesh.image_vertices @ rotation(yaw, pitch, roll).T * 7.5 + (200, 150, 3)
    pose = head_pose(turned, mesh)
    assert pose.yaw_deg == pytest.approx(yaw, abs=1e-6)
    assert pose.pitch_deg == pytest.approx(pitch, abs=1e-6)
    # Roll is how the line of the eyes leans in the picture.
    eyes = (turned[263] - turned[33])[:2]
    assert pose.roll_deg == pytest.approx(np.degrees(np.arctan2(eyes[1], eyes[0])), abs=1e-6)
    assert pose.scale == pytest.approx(7.5)
    assert np.allclose(pose.unrotated(turned), mesh.image_vertices, atol=1e-6)


def test_signs_of_the_pose():
    mesh = tracker().mesh
    nose = mesh.image_vertices[1]
    assert (rotation(20, 0, 0) @ nose)[0] > nose[0]  # to the image's right
    assert (rotation(0, 20, 0) @ (0, 0, -7))[1] < 0  # up
    assert (rotation(0, 0, 20) @ (1, 0, 0))[1] > 0  # clockwise with y down


def test_similarity_never_mirrors():
    points = np.random.default_rng(3).normal(size=(20, 3))
    scale, turn, _ = similarity(points, points * (-1, 1, 1))
    assert np.linalg.det(turn) == pytest.approx(1) and scale > 0


@pytest.mark.parametrize("name", PORTRAITS)
def test_portraits_look_at_the_viewer(name):
    pose = head_pose(face(name).landmarks, tracker().mesh)
    assert abs(pose.yaw_deg) < 5 and abs(pose.pitch_deg) < 10 and abs(pose.roll_deg) < 5


def test_features_tell_the_smile_from_the_closed_mouth():
    smile, closed = (measure(face(name).landmarks, tracker().mesh) for name in PORTRAITS)
    assert smile.mouth_gap > 0.08 > 0.03 > closed.mouth_gap
    assert smile.mouth_corner > closed.mouth_corner + 0.05
    assert smile.mouth_width > closed.mouth_width
    shapes = dict(zip(BLENDSHAPE_NAMES, face("astronaut").blendshapes, strict=True))
    others = dict(zip(BLENDSHAPE_NAMES, face("hopper").blendshapes, strict=True))
    assert shapes["mouthSmileLeft"] > 0.5 > others["mouthSmileLeft"]


@pytest.mark.parametrize("name", PORTRAITS)
def test_features_do_not_depend_on_size_place_and_roll(name):
    landmarks = face(name).landmarks
    moved = landmarks @ rotation(0, 0, 30).T * 2.5 + (100, -40, 0)
    before, after = measure(landmarks, tracker().mesh), measure(moved, tracker().mesh)
    for field in dataclasses.fields(before):
        if field.name != "pose":
            assert getattr(after, field.name) == pytest.approx(getattr(before, field.name), abs=1e-9), field.name


def test_gaze_follows_the_iris():
    landmarks = face("hopper").landmarks.copy()
    before = measure(landmarks, tracker().mesh)
    landmarks[468:478, 0] += 4
    landmarks[468:478, 1] -= 3
    after = measure(landmarks, tracker().mesh)
    assert after.gaze_x > before.gaze_x + 0.05 and after.gaze_y < before.gaze_y - 0.03

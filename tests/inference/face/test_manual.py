# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest
from faces import PORTRAITS, eye_span, face, mean_distance, picture, tracker

from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.face.manual import manual_face
from inference.source import MANUAL_POINTS

INDICES = [landmark for _, landmark in MANUAL_POINTS]


def placed(name: str) -> np.ndarray:
    """(14, 2) true places in parts of width and height."""
    height, width = picture(name).shape[:2]
    return (face(name).landmarks[INDICES, :2] + 0.5) / (width, height)


def fit(name: str, points: np.ndarray, bgr=None):
    height, width = picture(name).shape[:2]
    return manual_face([tuple(point) for point in points], (width, height), tracker().mesh, bgr)


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("with_picture", [False, True])
def test_true_points_give_the_true_face(name, with_picture):
    made = fit(name, placed(name), picture(name) if with_picture else None)
    error = mean_distance(made.landmarks, face(name).landmarks) / eye_span(face(name))
    print(f"manual rig, {name}: mean error {100 * error:.2f} % of the eye span")
    assert error < 0.04
    assert made.manual and made.score == 1 and made.blendshapes is None
    assert mean_distance(made.landmarks[INDICES], face(name).landmarks[INDICES]) < 0.02 * eye_span(face(name))
    depth = np.corrcoef(made.landmarks[:468, 2], face(name).landmarks[:468, 2])[0, 1]
    assert depth > 0.85


@pytest.mark.parametrize("name", PORTRAITS)
def test_turned_points_give_the_turned_face(name):
    points = face(name).landmarks[INDICES, :2]
    turned = np.column_stack([2000 - points[:, 1], points[:, 0]])
    made = manual_face([tuple(p) for p in (turned + 0.5) / 2000], (2000, 2000), tracker().mesh)
    straight = fit(name, placed(name)).landmarks
    expected = np.column_stack([2000 - straight[:, 1], straight[:, 0]])
    assert mean_distance(made.landmarks, expected) < 0.01 * eye_span(face(name))


def test_iris_is_found_where_the_eye_looks():
    canvas = np.full((600, 512, 3), 200, np.uint8)
    rest = fit("hopper", placed("hopper"), canvas).landmarks
    for eye, shift in ((468, 0.18), (473, -0.18)):
        corners = (33, 133) if eye == 468 else (362, 263)
        width = np.linalg.norm(rest[corners[1], :2] - rest[corners[0], :2])
        place = rest[eye, :2] + (shift * width, 0)
        y, x = np.mgrid[:600, :512]
        canvas[np.hypot(x - place[0], y - place[1]) < 0.2 * width] = 20
        found = fit("hopper", placed("hopper"), canvas).landmarks
        # The lids hide the disc's top and bottom, so its height is known less well.
        assert abs(found[eye, 0] - place[0]) < 0.05 * width and abs(found[eye, 1] - place[1]) < 0.15 * width
        rim = np.linalg.norm(found[eye + 1 : eye + 5, :2] - found[eye, :2], axis=1)
        assert np.all(np.abs(rim / width - 0.215) < 0.01)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_even_eyes_have_the_iris_in_the_middle(shade):
    with_picture = fit("hopper", placed("hopper"), np.full((600, 512, 3), shade, np.uint8))
    assert np.allclose(with_picture.landmarks, fit("hopper", placed("hopper")).landmarks)


def wrong_points():
    true = placed("hopper")
    line = np.column_stack([np.linspace(0.2, 0.8, 14), np.linspace(0.2, 0.8, 14)])
    lost = true.copy()
    lost[3] = np.nan
    return {
        "all on one spot": np.full((14, 2), 0.5),
        "on one line": line,
        "mirrored": (true - 0.5) * (-1, 1) + 0.5,
        "a point is lost": lost,
    }


@pytest.mark.parametrize("case", list(wrong_points()))
def test_points_that_are_no_face(case):
    with pytest.raises(TalkingHeadError) as caught:
        fit("hopper", wrong_points()[case])
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert caught.value.action is Action.PLACE_POINTS
    assert caught.value.message and caught.value.hint


def test_points_outside_the_picture_are_allowed():
    made = fit("hopper", placed("hopper") + np.array([0.4, 0]), picture("hopper"))
    assert np.all(np.isfinite(made.landmarks))

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The square of each source picture."""

from __future__ import annotations

import numpy as np
import pytest
from acting_clips import carphone
from faces import picture
from redraw_stand_in import astronaut, views

from inference.engines.diffusion.squares import cut_plane, cut_rgb, in_square, moved_inside
from inference.engines.engine import Quality
from inference.engines.liveportrait.crop import Square
from inference.errors import TalkingHeadError
from inference.media.picture import Picture


def ramp(width: int = 60, height: int = 40) -> np.ndarray:
    """(H, W, 3) uint8: blue tells x, green y."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.dstack([4 * x, 4 * y, np.full_like(x, 9)]).astype(np.uint8)


def test_pixels_of_the_square_are_the_pictures():
    cut = cut_rgb(ramp(), Square((30.0, 20.0), 16.0, 0.0), 16)
    assert np.array_equal(cut, ramp()[12:28, 22:38, ::-1])


def test_beyond_the_picture_its_edge_goes_on():
    cut = cut_rgb(ramp(), Square((4.0, 20.0), 32.0, 0.0), 32)
    assert (cut[:, :12, 2] == 0).all() and cut[20, 12, 2] == 0 and cut[20, 14, 2] == 8
    opacity = cut_plane(np.ones((40, 60), np.float32), Square((4.0, 20.0), 32.0, 0.0), 32)
    assert (opacity[:, :11] == 0).all() and (opacity[:, 13:] == 1).all()


def test_a_larger_square_is_averaged():
    noisy = np.tile(np.array([0, 200], np.uint8), (80, 40))[..., None].repeat(3, axis=2)
    cut = cut_rgb(noisy, Square((40.0, 40.0), 64.0, 0.0), 16)
    assert np.abs(cut.astype(int) - 100).max() <= 1


def test_points_lie_where_their_pixels_do():
    points = in_square(np.array([[22.0, 12.0], [30.0, 20.0]]), Square((30.0, 20.0), 16.0, 0.0), 32)
    assert np.allclose(points, [[0, 0], [16, 16]])


@pytest.mark.parametrize(
    ("centre", "side", "expected"),
    [
        ((30.0, 20.0), 20.0, (30.0, 20.0)),
        ((2.0, 38.0), 20.0, (9.5, 29.5)),
        ((59.0, 1.0), 20.0, (49.5, 9.5)),
        ((5.0, 20.0), 50.0, (24.5, 20.0)),
    ],
)
def test_a_square_leaves_the_picture_only_where_it_is_larger(centre, side, expected):
    moved = moved_inside(Square(centre, side, 0.0), (60, 40))
    assert moved.centre == pytest.approx(expected) and moved.side == side


def test_a_view_shows_the_face_in_the_middle_and_tells_its_landmarks():
    view = views().of(0)
    assert view.crop.shape == (256, 256, 3) and view.square.angle == 0
    assert np.abs(view.landmarks.mean(axis=0) - [128, 150]).max() < 25
    assert np.ptp(view.landmarks[:, 1]) == pytest.approx(256 / 2.2, rel=0.05)
    # Red suit and flag of the astronaut stay where they are: R, G, B.
    lips = view.landmarks[14].astype(int)
    assert view.crop[lips[1] + 1, lips[0], 0] > view.crop[lips[1] + 1, lips[0], 2]


def test_the_square_follows_a_moving_face_by_its_neighbours_alone():
    pictures = [Picture(pixels) for pixels in carphone()[:24:3]]
    one, other = views(*pictures), views(*pictures)
    centres = [one.of(number).square.centre for number in range(8)]
    assert np.ptp(np.array(centres), axis=0).max() > 1.5
    assert other.of(5).square == one.of(5).square
    assert one.of(5, Quality.PREVIEW).square != one.of(5).square


def test_a_still_is_one_view_for_all_frames():
    still = views()
    assert still.of(7) is still.of(0) and still.is_still


def test_a_lost_face_has_no_view_and_a_source_without_a_face_is_refused():
    grey = Picture(np.full((144, 176, 3), 90, np.uint8))
    moving = views(Picture(carphone()[0]), grey)
    assert moving.of(1) is None and moving.of(0) is not None
    with pytest.raises(TalkingHeadError):
        views(grey)


def test_the_reference_is_the_chosen_picture():
    still = views(astronaut())
    assert np.array_equal(still.reference.crop, still.of(0).crop)
    assert np.array_equal(still.reference.picture.pixels, picture("astronaut"))

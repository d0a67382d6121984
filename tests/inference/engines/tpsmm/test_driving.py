# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key points of a driving clip: found once, kept, smoothed within a shot, framed as the source is."""

from __future__ import annotations

import numpy as np
import pytest
from acting_clips import carphone
from faces import tracker
from tpsmm_stand_in import Clip, StandInModel, blob, blob_points

from inference.engines.engine import Quality
from inference.engines.tpsmm.area import face_area
from inference.engines.tpsmm.driving import DrivingPoints, Framing
from inference.errors import ErrorCode, TalkingHeadError

PLACES = (-0.5, -0.3, -0.1, 0.1, 0.4, 0.2)


def spots() -> list[np.ndarray]:
    return [blob(x) for x in PLACES]


def points_of(clip: Clip, area: str = "whole", model: StandInModel | None = None, size_px: int = 64) -> DrivingPoints:
    return DrivingPoints(clip, model or StandInModel(), tracker(), Framing(area, 1.8, size_px), "test")


def middles(points: np.ndarray) -> list[float]:
    """How far right each figure (n, 50, 2) is, without the pattern's own middle."""
    rest = blob_points(np.full((64, 64, 3), 0.5, np.float32)).mean(axis=0)[0]
    return (points.mean(axis=1)[:, 0] - rest).tolist()


def test_the_spot_is_followed_between_pictures():
    found = points_of(Clip(spots(), True, smoothing=0.0)).at([0, 1, 1.5, 2, 99], Quality.FINAL)
    assert found.shape == (5, 50, 2) and found.dtype == np.float64
    at = middles(found)
    assert at[0] < at[1] < at[2] < at[3] < at[4]
    assert np.allclose(found[2], (found[1] + found[3]) / 2)


def test_pictures_are_looked_at_once_and_kept_for_others():
    clip, model = Clip(spots(), True), StandInModel()
    driving = points_of(clip, model=model)
    first = driving.at([2.0], Quality.FINAL)
    assert sum(model.looked) == len(spots())  # for files all of a stretch at once
    driving.at([4.0, 5.0], Quality.FINAL)
    later = StandInModel()
    assert np.array_equal(points_of(clip, model=later).at([2.0], Quality.FINAL), first)
    assert sum(model.looked) == len(spots()) and later.looked == []


def test_other_sizes_and_areas_are_kept_apart():
    clip, model = Clip(spots(), True), StandInModel()
    points_of(clip, model=model).at([0.0], Quality.FINAL)
    points_of(clip, model=model, size_px=128).at([0.0], Quality.FINAL)
    points_of(clip, "body", model).at([0.0], Quality.FINAL)
    assert sum(model.looked) == 3 * len(spots())


def test_a_preview_looks_at_few_pictures_and_finds_the_same():
    many = [blob(x) for x in np.linspace(-0.6, 0.6, 30)]
    model = StandInModel()
    preview = points_of(Clip(many, True), model=model).at([10.0], Quality.PREVIEW)
    assert sum(model.looked) <= 5
    assert np.array_equal(preview, points_of(Clip(many, True)).at([10.0], Quality.FINAL))


def test_order_and_range_do_not_matter():
    together = points_of(Clip(spots(), True)).at([0.0, 2.5, 5.0], Quality.FINAL)
    for number, position in enumerate((0.0, 2.5, 5.0)):
        assert np.array_equal(points_of(Clip(spots(), True)).at([position], Quality.FINAL)[0], together[number])


def test_smoothing_takes_off_trembling_but_does_not_lag():
    trembling = [blob(x) for x in np.linspace(-0.5, 0.5, 21) + 0.06 * (-1.0) ** np.arange(21)]
    rough, weak, strong = (
        np.array(middles(points_of(Clip(trembling, True, smoothing=s)).at(np.arange(21.0), Quality.FINAL)))
        for s in (0.0, 0.5, 1.0)
    )
    tremble = [np.abs(np.diff(at, 2)[4:-4]).mean() for at in (rough, weak, strong)]
    assert tremble[1] < 0.9 * tremble[0] and tremble[2] < 0.1 * tremble[0]
    assert np.abs(strong - rough)[6:-6].max() < 0.08


def test_shots_do_not_mix():
    pictures = [blob(-0.5)] * 4 + [blob(0.5)] * 4
    driving = points_of(Clip(pictures, True, smoothing=1.0, cuts=(4,)))
    at = middles(driving.at([3.0, 3.7, 4.0], Quality.FINAL))
    assert at[0] == pytest.approx(at[1]) and at[2] - at[0] > 0.5
    assert driving.beside(3.7) == (3, 3, 0.0)


def test_a_canceled_search_keeps_what_it_found():
    clip = Clip(spots() * 3, True, cancel_at=16)
    with pytest.raises(TalkingHeadError) as caught:
        points_of(clip).at([0.0], Quality.FINAL)
    assert caught.value.code is ErrorCode.CANCELLED
    clip.cancel_at, model = -1, StandInModel()
    points_of(clip, model=model).at([17.0], Quality.FINAL)
    assert sum(model.looked) == len(spots()) * 3 - 16


def test_faces_are_framed_as_in_the_source_by_one_area_a_shot():
    pictures = carphone()[:6]
    clip = Clip(pictures, cuts=(3,))
    driving = points_of(clip, "face")
    areas = [driving._area(number) for number in range(6)]
    assert areas[0] == areas[2] != areas[3] == areas[5]
    own = [face_area(clip.landmarks(number), 1.8) for number in range(3)]
    assert areas[0].width == pytest.approx(np.mean([area.width for area in own]))
    cut = driving.cut_pictures([0, 5])
    assert cut.shape == (2, 64, 64, 3) and cut.dtype == np.float32


def test_where_the_face_is_lost_the_motion_goes_on_between():
    grey = np.full((144, 176, 3), 90, np.uint8)
    pictures = [*carphone()[:3], grey, *carphone()[40:43]]
    model = StandInModel()
    driving = points_of(Clip(pictures, smoothing=0.0, lost=(3,)), "face", model)
    found = driving.at([2.0, 3.0, 4.0], Quality.FINAL)
    assert sum(model.looked) == 6 and driving.lost == 1
    assert not np.array_equal(found[1], found[0])
    assert np.abs(found[1] - (found[0] + found[2]) / 2).max() < 1e-9


def test_people_are_looked_for_and_their_area_is_kept():
    clip = Clip(carphone()[:4], True)
    driving = points_of(clip, "body")
    area = driving._area(0)
    assert 100 < area.width == area.height <= 176 and not driving.lacks_person
    clip.read.clear()
    assert points_of(clip, "body")._area(3) == area and clip.read == []


def test_a_clip_without_people_is_followed_whole():
    driving = points_of(Clip([np.zeros((60, 80, 3), np.uint8)] * 2, True), "body")
    area = driving._area(0)
    assert (area.width, area.height) == (80, 60) and driving.lacks_person


def test_the_best_match_is_found_by_landmarks_or_key_points():
    pictures = carphone()[:60:12]
    clip = Clip(pictures)
    assert points_of(clip, "face").best_by_landmarks(clip.landmarks(3) * 2 + 50) == 3
    wide = [blob(0.0, radius=0.2, stretch=stretch) for stretch in (0.6, 1.0, 1.7)]
    driving = points_of(Clip(wide, True, smoothing=0.0))
    for number in range(3):
        assert driving.best_by_points(driving.at([float(number)], Quality.FINAL)[0] + 0.1) == number

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights of driving clips: found once, kept, between pictures, over cuts and lost faces, smoothed."""

from __future__ import annotations

import numpy as np
import pytest
from acting_clips import carphone
from edtalk_stand_in import StandInModel
from liveportrait_stand_in import ClipOfPictures

from inference.capture.smoothing import Reach, smoothed
from inference.engines.edtalk.driving_weights import DrivingWeights
from inference.engines.edtalk.weights import EXPRESSION, MOUTH, POSE
from inference.engines.engine import Quality
from inference.errors import ErrorCode, TalkingHeadError

FINAL = Quality.FINAL
PICTURES = carphone()[:12]


def weights(clip: ClipOfPictures, model: StandInModel | None = None, version: str = "version") -> DrivingWeights:
    return DrivingWeights(clip, model or StandInModel(), version)


def plain(**options) -> ClipOfPictures:
    return ClipOfPictures(PICTURES, smoothing=0.0, **options)


def test_a_place_between_pictures_lies_between_their_weights():
    found = weights(plain())
    first, second = found.at(4.0, FINAL), found.at(5.0, FINAL)
    assert first.shape == (36,) and not np.allclose(first, second)
    assert np.allclose(found.at(4.25, FINAL), 0.75 * first + 0.25 * second)
    assert np.array_equal(found.at(-3.0, FINAL), found.at(0.0, FINAL))
    assert np.array_equal(found.at(99.0, FINAL), found.at(11.0, FINAL))
    assert np.array_equal(found.neutral(FINAL), found.at(0.0, FINAL))


def test_nothing_is_mixed_over_a_cut():
    found = weights(plain(cuts=[5]))
    assert np.array_equal(found.at(4.9, FINAL), found.at(4.0, FINAL))


def test_what_a_picture_shows_does_not_depend_on_what_was_asked_before():
    ahead = weights(plain())
    ahead.at(9.0, FINAL)
    assert np.array_equal(ahead.at(3.0, FINAL), weights(plain()).at(3.0, FINAL))


def test_a_picture_is_looked_at_once_and_by_one_square_a_shot():
    clip, model = plain(), StandInModel()
    found = weights(clip, model)
    for place in (3.0, 3.0, 3.5, 4.0):
        found.at(place, FINAL)
    assert sorted(clip.read) == [3, 4] and sum(model.looked) == 2 and model.encoded == []
    assert len(found._squares) == 1


def test_what_was_found_is_kept_for_the_same_networks():
    clip, again, other = plain(), StandInModel(), StandInModel()
    first = weights(clip).at(3.0, FINAL)
    assert np.array_equal(weights(clip, again).at(3.0, FINAL), first) and again.looked == []
    weights(clip, other, "other").at(3.0, FINAL)
    assert other.looked == [1]


def test_where_the_face_is_lost_the_weights_go_on_from_one_side_to_the_other():
    found = weights(plain(lost=[5, 6]))
    before, after = found.at(4.0, FINAL), found.at(7.0, FINAL)
    inside = found.at(5.0, FINAL)
    part = (inside - before) / (after - before)
    assert 0 < part[0] < 1 and np.allclose(part, part[0])


def test_a_shot_is_smoothed_each_bank_by_its_own_filter():
    rough = np.stack([weights(plain()).at(float(n), FINAL) for n in range(12)])
    found = weights(ClipOfPictures(PICTURES, smoothing=1.0))
    smooth = np.stack([found.at(float(n), FINAL) for n in range(12)])
    reach = Reach.of(1.0, ClipOfPictures(PICTURES[:1]).rate)
    assert reach.mouth != reach.head
    for bank, half in ((MOUTH, reach.mouth), (POSE, reach.head), (EXPRESSION, reach.head)):
        assert np.allclose(smooth[:, bank], smoothed(rough[:, bank], [(0, 11)], half))


def test_smoothing_ends_at_cuts():
    whole, cut = (weights(ClipOfPictures(PICTURES, smoothing=1.0, cuts=cuts)) for cuts in ((), (6,)))
    assert not np.allclose(whole.at(5.0, FINAL), cut.at(5.0, FINAL))
    alone = weights(ClipOfPictures(PICTURES[:6], smoothing=1.0))
    assert np.allclose(cut.at(5.0, FINAL), alone.at(5.0, FINAL))


def test_a_preview_does_not_wait_for_the_shot():
    clip, model = ClipOfPictures(PICTURES, smoothing=1.0), StandInModel()
    found = weights(clip, model)
    hasty = found.at(5.0, Quality.PREVIEW)
    assert sum(model.looked) == 1
    final = found.at(5.0, FINAL)
    assert not np.allclose(hasty, final)
    assert np.array_equal(found.at(5.0, Quality.PREVIEW), final)


def test_a_cancel_keeps_what_was_found():
    clip, model = ClipOfPictures(PICTURES, smoothing=1.0, cancel_at=8), StandInModel()
    with pytest.raises(TalkingHeadError) as caught:
        weights(clip, model).at(0.0, FINAL)
    assert caught.value.code is ErrorCode.CANCELLED
    clip.cancel_at = -1
    weights(clip, model).at(0.0, FINAL)
    assert sum(model.looked) == len(PICTURES)


def test_the_model_without_expressions_gives_shorter_rows():
    assert weights(plain(), StandInModel(full=False)).at(0.0, FINAL).shape == (26,)

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actor's motion: looked at once, the same in whatever order, smoothed by shot, held where the face is lost."""

from __future__ import annotations

import numpy as np
import pytest
from acting_clips import carphone
from liveportrait_stand_in import ClipOfPictures, StandInModel, place

from inference.engines.engine import Quality
from inference.engines.liveportrait.driving_motion import DrivingMotion, driving_motion_of
from inference.engines.liveportrait.keypoints import Motion, MotionTrack
from inference.engines.liveportrait.ratios import ratios_of
from inference.engines.liveportrait.template import MotionTemplate, template_content
from inference.errors import ErrorCode, TalkingHeadError

PICTURES = 10


def pictures(count: int = PICTURES) -> list[np.ndarray]:
    """Every fourth picture of the clip, so that they differ."""
    return list(carphone()[: 4 * count : 4])


def motion_of(clip: ClipOfPictures, model: StandInModel | None = None, version: str = "v") -> DrivingMotion:
    return DrivingMotion(clip, model or StandInModel(), version)


def numbers(track: MotionTrack) -> np.ndarray:
    return np.concatenate([track.exp.ravel(), track.t.ravel(), track.scale.ravel(), track.rotation.ravel()])


def at(motion: DrivingMotion, position: float, quality: Quality = Quality.FINAL) -> np.ndarray:
    return numbers(motion.at([place(position)], quality))


def test_a_shot_is_looked_at_once():
    clip, model = ClipOfPictures(pictures()), StandInModel()
    motion = motion_of(clip, model)
    at(motion, 3.0)
    assert clip.read == list(range(PICTURES)) and model.looked == [8, 2]
    at(motion, 7.5)
    motion.neutral(Quality.FINAL)
    assert clip.read == list(range(PICTURES))


def test_what_was_found_is_kept_by_weights():
    clip, model = ClipOfPictures(pictures()), StandInModel()
    first = at(motion_of(clip, model), 3.3)
    assert np.array_equal(at(motion_of(clip, model), 3.3), first)
    assert sum(model.looked) == PICTURES
    at(motion_of(clip, model, "other weights"), 3.3)
    assert sum(model.looked) == 2 * PICTURES


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_the_order_of_asking_does_not_matter(smoothing):
    one, other = (motion_of(ClipOfPictures(pictures(), smoothing)) for _ in range(2))
    forwards = [at(one, position) for position in (0.0, 2.5, 8.0)]
    backwards = [at(other, position) for position in (8.0, 2.5, 0.0)]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, reversed(backwards), strict=True))


def test_without_smoothing_only_needed_pictures_are_looked_at():
    clip = ClipOfPictures(pictures(), smoothing=0.0)
    motion = motion_of(clip)
    at(motion, 4.0)
    assert clip.read == [4]
    at(motion, 4.5)
    assert clip.read == [4, 5]


def test_a_preview_does_not_wait_for_the_whole_shot():
    clip = ClipOfPictures(pictures())
    motion = motion_of(clip)
    hasty = at(motion, 4.0, Quality.PREVIEW)
    assert clip.read == [4]
    assert np.array_equal(hasty, at(motion_of(ClipOfPictures(pictures(), 0.0)), 4.0))
    smooth = at(motion, 4.0)
    assert not np.array_equal(smooth, hasty)
    assert np.array_equal(at(motion, 4.0, Quality.PREVIEW), smooth)  # known now


def test_between_pictures_the_motion_goes_on_evenly():
    motion = motion_of(ClipOfPictures(pictures(), 0.0))
    low, middle, high = (motion.at([place(position)], Quality.FINAL) for position in (2.0, 2.5, 3.0))
    assert np.allclose(middle.exp, (low.exp + high.exp) / 2, atol=1e-6)
    assert not np.allclose(low.exp, high.exp, atol=1e-4)


def test_nothing_is_mixed_across_a_cut():
    motion = motion_of(ClipOfPictures(pictures(), 0.0, cuts=(5,)))
    assert np.array_equal(at(motion, 4.7), at(motion, 4.0))
    smooth = motion_of(ClipOfPictures(pictures(), 1.0, cuts=(5,)))
    alone = motion_of(ClipOfPictures(pictures()[:5], 1.0))
    assert np.allclose(at(smooth, 4.0), at(alone, 4.0), atol=1e-9)


def test_smoothing_takes_off_jumps():
    def jumps(smoothing: float) -> float:
        motion = motion_of(ClipOfPictures(pictures(), smoothing))
        values = np.stack([at(motion, float(number)) for number in range(PICTURES)])
        return float(np.abs(np.diff(values, 2, axis=0)).sum())

    none, middle, full = (jumps(smoothing) for smoothing in (0.0, 0.5, 1.0))
    assert full < middle < none


def test_a_lost_face_is_held_and_eased():
    motion = motion_of(ClipOfPictures(pictures(), 0.0, lost=(4, 5)))
    before, after = (motion.at([place(position)], Quality.FINAL).exp for position in (3.0, 6.0))
    for position in (4.0, 5.0):
        held = motion.at([place(position)], Quality.FINAL).exp
        low, high = np.minimum(before, after) - 1e-6, np.maximum(before, after) + 1e-6
        assert ((held >= low) & (held <= high)).all()
    clip = ClipOfPictures(pictures(), 0.5, lost=(4, 5))
    at(motion_of(clip), 4.5)
    assert not {4, 5} & set(clip.read)


def test_openness_is_eased_with_the_face():
    motion = motion_of(ClipOfPictures(pictures(), 0.0, lost=(4, 5)))
    before, *lost, after = (motion.ratios([place(position)]).lips[0] for position in (3.0, 4.0, 5.0, 6.0))
    assert before != after
    shares = [(value - before) / (after - before) for value in lost]
    assert 0 < shares[0] < 0.5 < shares[1] < 1


def test_a_shot_without_a_face_holds_the_nearest_one():
    motion = motion_of(ClipOfPictures(pictures(), 0.0, cuts=(4,), lost=(0, 1, 2, 3)))
    assert np.array_equal(at(motion, 1.0), at(motion, 4.0))


def test_a_canceled_look_keeps_what_was_found():
    clip, model = ClipOfPictures(pictures(20), cancel_at=16), StandInModel()
    with pytest.raises(TalkingHeadError) as caught:
        at(motion_of(clip, model), 0.0)
    assert caught.value.code is ErrorCode.CANCELLED
    clip.cancel_at = -1
    again = StandInModel()
    at(motion_of(clip, again), 0.0)
    assert sum(model.looked) == 16 and sum(again.looked) == 4


def test_a_preview_does_not_forget_what_a_render_found():
    clip = ClipOfPictures(pictures())
    hasty = motion_of(clip)
    at(hasty, 1.0, Quality.PREVIEW)
    at(motion_of(clip), 4.0)
    at(hasty, 6.0, Quality.PREVIEW)
    (rows,) = clip.kept.values()
    assert not np.isnan(rows).any()
    assert clip.read == [1, *(n for n in range(PICTURES) if n != 1)]


def test_damaged_notes_are_not_used():
    clip = ClipOfPictures(pictures())
    at(motion_of(clip), 1.0)
    (what,) = clip.kept
    clip.kept[what] = clip.kept[what][:3]
    model = StandInModel()
    at(motion_of(clip, model), 1.0)
    assert sum(model.looked) == PICTURES


def test_openness_comes_from_the_landmarks():
    clip = ClipOfPictures(pictures())
    motion = motion_of(clip)
    low, middle, high = (motion.ratios([place(position)]) for position in (2.0, 2.5, 3.0))
    assert np.allclose(low.eyes, ratios_of(clip.landmarks(2)[None]).eyes)
    assert np.allclose(middle.lips, (low.lips + high.lips) / 2)


def test_a_template_gives_its_own_motion(tmp_path):
    rng = np.random.default_rng(0)
    motions = [
        Motion(float(n), 2.0 * n, 0.0, rng.normal(0, 0.1, 3), rng.normal(0, 0.1, (21, 3)), 1.5, np.zeros((21, 3)))
        for n in range(4)
    ]
    path = tmp_path / "motion.pkl"
    path.write_bytes(template_content(MotionTemplate(motions, None, None)))
    clip = ClipOfPictures(pictures(1), 0.0)
    clip.template = path
    model = StandInModel()
    motion = driving_motion_of(clip, model, "v")
    half = motion.at([place(1.5)], Quality.FINAL)
    assert np.allclose(half.exp[0], (motions[1].exp + motions[2].exp) / 2, atol=1e-6)
    assert np.allclose(half.motion(0).yaw, 3.0, atol=1e-3)
    assert motion.ratios([place(1.0)]) is None and model.looked == []
    assert np.allclose(motion.neutral(Quality.FINAL).exp[0], motions[0].exp, atol=1e-6)
    path.write_bytes(b"garbage")
    with pytest.raises(TalkingHeadError) as caught:
        driving_motion_of(clip, model, "v")
    assert caught.value.code is ErrorCode.INVALID_REQUEST

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips that are shown whole: their length, rate and cuts, without a face."""

from __future__ import annotations

from fractions import Fraction

import acting_clips
import cv2
import numpy as np
import pytest
from acting_clips import carphone
from voices import vowel, write_sound

from inference.acting import CaptureSpec
from inference.capture import whole
from inference.capture.read import captured
from inference.errors import ErrorCode, TalkingHeadError
from inference.motion.track import REST
from inference.source import MANUAL_POINTS, FaceChoice, Source, SourceKind

NOT_A_FACE = np.kron(np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8), np.ones((8, 8, 1), np.uint8))


def found(source: Source, folder, task=None, **options):
    sessions = acting_clips.sessions(folder / "cache")
    return captured(CaptureSpec(source, whole=True, **options), sessions, task or acting_clips.task())


def drifting(count: int, seed: int = 0) -> list[np.ndarray]:
    """A scene over which the camera moves a little; scenes of other seeds have other colors."""
    dark = 40 * (seed % 4)
    scene = cv2.resize(np.random.default_rng(seed).integers(dark, dark + 130, (9, 16, 3), np.uint8), (160, 90))
    return [np.roll(scene, number, axis=1) for number in range(count)]


def test_a_movie_keeps_rate_length_and_cuts(tmp_path):
    rate = Fraction(30000, 1001)
    source = acting_clips.movie(tmp_path / "a.mp4", [*drifting(12), *drifting(9, seed=3)], rate)
    capture = found(source, tmp_path)
    assert (capture.pictures, capture.track.rate, capture.faces) == (21, rate, 0)
    assert capture.track.breaks == (12,) and capture.track.neutral == 0
    assert np.array_equal(capture.track.values, np.tile(REST, (21, 1)))
    assert [finding.text for finding in capture.track.findings] == ["Another shot begins with picture 13."]


def test_a_flash_is_no_cut(tmp_path):
    pictures = drifting(16)
    pictures[8] = np.full_like(pictures[8], 255)
    assert found(acting_clips.sequence(tmp_path / "flash", pictures), tmp_path).track.breaks == ()


def test_pictures_without_a_face_need_a_rate_of_their_own(tmp_path):
    source = acting_clips.sequence(tmp_path / "drawn", [NOT_A_FACE] * 3)
    capture = found(source, tmp_path, neutral=2, rate=Fraction(12))
    assert (capture.pictures, capture.track.rate, capture.track.neutral) == (3, 12, 2)
    still = found(Source(SourceKind.IMAGE, source.files[:1]), tmp_path)
    assert (still.pictures, still.track.rate, still.track.breaks) == (1, 25, ())


def test_cuts_are_looked_for_once(tmp_path, monkeypatch):
    source = acting_clips.sequence(tmp_path / "a", [*drifting(6), *drifting(5, seed=3)])
    first = found(source, tmp_path)
    monkeypatch.setattr(whole, "Changes", None)  # would fail now
    copy = acting_clips.sequence(tmp_path / "b", [*drifting(6), *drifting(5, seed=3)])
    again = found(copy, tmp_path, neutral=4, smoothing=1.0, face=FaceChoice(2))
    assert (first.cached, again.cached) == (False, True)
    assert again.track.breaks == first.track.breaks == (6,)
    assert again.content == first.content


def test_content_tells_clips_apart(tmp_path):
    sources = [acting_clips.sequence(tmp_path / str(seed), drifting(3, seed)) for seed in (0, 1)]
    contents = {found(source, tmp_path).content for source in sources}
    face = captured(
        CaptureSpec(acting_clips.sequence(tmp_path / "c", carphone()[:2])),
        acting_clips.sessions(tmp_path / "cache"), acting_clips.task(),
    )  # fmt: skip
    assert len({*contents, face.content}) == 3


def test_points_by_hand_do_not_matter(tmp_path):
    points = tuple((0.1 + 0.01 * number, 0.5) for number in range(len(MANUAL_POINTS)))
    source = acting_clips.sequence(tmp_path / "a", drifting(2))
    assert found(source, tmp_path, face=FaceChoice(points=points)).pictures == 2


def test_landmarks_are_refused(tmp_path):
    with pytest.raises(TalkingHeadError) as caught:
        found(acting_clips.sequence(tmp_path / "a", drifting(2)), tmp_path).motion(0.5)
    assert "no landmarks" in caught.value.message


def test_what_cannot_be_shown_is_refused(tmp_path):
    with pytest.raises(TalkingHeadError) as caught:
        found(acting_clips.sequence(tmp_path / "a", drifting(3)), tmp_path, neutral=3)
    assert caught.value.code is ErrorCode.INVALID_REQUEST and "ends with picture 3" in caught.value.message
    song = write_sound(tmp_path / "song.flac", vowel("a", 0.3), "flac")
    with pytest.raises(TalkingHeadError) as caught:
        found(Source(SourceKind.MOVIE, (str(song),)), tmp_path)
    assert "no picture to follow" in caught.value.message


def test_a_canceled_search_keeps_nothing(tmp_path):
    steps = []

    def check():
        steps.append(1)
        if len(steps) > 3:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError) as caught:
        found(acting_clips.sequence(tmp_path / "a", drifting(20)), tmp_path, acting_clips.task(check))
    assert caught.value.code is ErrorCode.CANCELLED
    assert not list((tmp_path / "cache").rglob("*.npy"))

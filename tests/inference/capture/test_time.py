# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clip's time as fractions: no drift over ten minutes, and every picture at its place."""

from __future__ import annotations

from fractions import Fraction

import acting_clips
import media
import numpy as np
import pytest
from acting_clips import column
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.acting import CaptureSpec
from inference.capture.command import resampled
from inference.capture.read import captured
from inference.controls import POSE_NAMES
from inference.motion.track import Track

RATES = (Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001))
TEN_MINUTES_S = 600
# A yaw that grows by this much with every picture of ten minutes stays within the slider's limits.
STEP_DEG = 0.001  # resampled values are rounded to a tenth of it


def counting(rate: Fraction) -> Track:
    """Ten minutes in which the yaw tells the picture."""
    pictures = int(TEN_MINUTES_S * rate)
    return Track(rate, acting_clips.rows(pictures, {"head_yaw": STEP_DEG * np.arange(pictures)}))


@pytest.mark.parametrize("clip_rate", RATES)
@pytest.mark.parametrize("rate", RATES)
def test_resampling_never_drifts(clip_rate, rate):
    performance = resampled(counting(clip_rate), rate)
    assert abs(len(performance) / rate - TEN_MINUTES_S) < Fraction(2) / min(rate, clip_rate)
    shown = performance.values[:, POSE_NAMES.index("head_yaw")] / STEP_DEG
    last = int(TEN_MINUTES_S * clip_rate) - 1
    exact = np.array([min(float(frame / rate * clip_rate), last) for frame in range(0, len(performance), 97)])
    np.testing.assert_allclose(shown[::97], exact, atol=0.051)


@given(
    clip_rate=st.sampled_from(RATES),
    rate=st.one_of(st.sampled_from(RATES), st.fractions(min_value=1, max_value=120, max_denominator=1001)),
    part=st.fractions(min_value=0, max_value=1, max_denominator=100_000),
)
@settings(max_examples=200, deadline=None)
def test_any_frame_of_ten_minutes_reads_its_own_moment(clip_rate, rate, part):
    track = Track(clip_rate, _LONG[clip_rate])
    frame = int(part * TEN_MINUTES_S * rate)
    position = frame / rate * clip_rate
    (row,) = track.at([position])
    shown = row[POSE_NAMES.index("head_yaw")] / STEP_DEG
    assert abs(shown - float(min(position, len(track) - 1))) < 1e-6


_LONG = {rate: counting(rate).values for rate in RATES}


@pytest.mark.parametrize("rate", [RATES[0], RATES[4]])
def test_every_sample_belongs_to_its_picture(tmp_path, rate):
    """A short clip whose pictures carry their number: the face stands that many steps to the right."""
    face = acting_clips.still(media.astronaut(), 288)[:144, 20:220]
    count, step_px = 7, 8
    pictures = []
    for number in range(count):
        canvas = np.full((144, 300, 3), face.reshape(-1, 3).mean(axis=0), np.uint8)
        canvas[:, number * step_px : number * step_px + face.shape[1]] = face
        pictures.append(canvas)
    clip = acting_clips.movie(tmp_path / "numbered.mp4", pictures, rate)
    spec = CaptureSpec(clip, neutral=count // 2, smoothing=0.0)
    track = captured(spec, acting_clips.sessions(tmp_path), acting_clips.task()).track
    assert track.rate == rate
    assert len(track) == count
    place = column(track.values, "head_x")
    numbers = np.rint((place - place[0]) / (place[-1] - place[0]) * (count - 1))
    assert numbers.tolist() == list(range(count))

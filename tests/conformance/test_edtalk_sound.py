# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a sound to mouth weights, step by step."""

from __future__ import annotations

import numpy as np
import pytest
from edtalk_recorded import Recorded

from inference.engines.edtalk import mel
from inference.engines.edtalk.model import Model
from inference.engines.neural.device import Device


@pytest.fixture(scope="module")
def recorded(edtalk) -> Recorded:
    return Recorded(edtalk)


@pytest.fixture(scope="module")
def mouth(recorded, edtalk_networks) -> np.ndarray:
    return Model(edtalk_networks("full"), Device("cpu"), "full").mouth_of_sound(recorded.sound)


def test_length(edtalk, recorded):
    assert mel.frame_count(len(recorded.sound)) == int(edtalk.array("expect/num_frames"))


def test_spectrogram(recorded):
    recorded.close("mel", mel.mel_spectrogram(recorded.sound))


def test_windows(edtalk, recorded):
    """The first frames and the last one are recorded."""
    count = len(edtalk.array("expect/mel_windows"))
    last = mel.frame_count(len(recorded.sound)) - 1
    spectrogram = mel.mel_spectrogram(recorded.sound)
    found = [mel.windows(spectrogram, frame, frame + 1)[0] for frame in (*range(count - 1), last)]
    recorded.close("mel_windows", np.stack(found))


def test_mouth(recorded, mouth):
    recorded.close("lip_raw", mouth)
    recorded.close("lip_smooth", Model.smoothed(mouth, even_ends=False))

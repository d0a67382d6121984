# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of a moving source are finished in several threads at once."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch", reason="LivePortrait needs PyTorch")

from inference.engines.liveportrait import frame_maker
from inference.engines.liveportrait.crop import Square
from inference.engines.liveportrait.description import LIVEPORTRAIT
from inference.engines.liveportrait.frame_maker import FrameMaker
from inference.media.picture import Picture

PICTURE = Picture(np.zeros((8, 8, 3), np.uint8))
SQUARE = np.ones((4, 4, 3), np.float32)


@pytest.fixture
def threads_change_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_do_not_mix_up_where_squares_go(monkeypatch, threads_change_often):
    monkeypatch.setattr(frame_maker, "paste_place", lambda square, size, feather: square.side)
    monkeypatch.setattr(frame_maker, "paste", lambda picture, redrawn, place: place)
    maker = FrameMaker(None, None, LIVEPORTRAIT.settings_from({"colour_match": False}), None)

    def finished(number: int) -> object:
        source = SimpleNamespace(picture=PICTURE, square=Square((0.0, 0.0), float(number), 0.0))
        return maker.finished(source, SQUARE)

    with ThreadPoolExecutor(4) as threads:
        places = list(threads.map(finished, range(5000)))
    assert places == list(range(5000))

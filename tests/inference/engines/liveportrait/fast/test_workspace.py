# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that is used again."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from inference.engines.liveportrait.fast.workspace import Workspace, inside  # noqa: E402


def test_the_same_name_gives_the_same_memory_and_grows():
    space = Workspace()
    first = space.take("a", 2, 3)
    assert space.take("a", 3).data_ptr() == first.data_ptr()
    assert space.take("b", 3).data_ptr() != first.data_ptr()
    assert space.take("a", 4, 5).shape == (4, 5)


def test_a_border_is_empty_whatever_was_there():
    space = Workspace()
    space.take("a", 1000).fill_(7.0)
    maps = space.take_bordered("a", 2, 3, 4, 5, border=2)
    assert maps.shape == (2, 7, 8, 5)
    inside(maps, 2).fill_(1.0)
    assert maps.sum() == inside(maps, 2).numel() == 2 * 3 * 4 * 5

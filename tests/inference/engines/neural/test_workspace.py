# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that is used again."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from inference.engines.neural.workspace import Workspace, inside  # noqa: E402


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


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_each_item_is_computed_once_with_memory_of_its_thread(threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    space = Workspace(threads)
    out = torch.zeros(40)

    def compute(item: int, own: Workspace) -> None:
        out[item] += own.take("a", 3).fill_(item).sum()

    try:
        space.each(compute, range(40))
        assert torch.equal(out, 3 * torch.arange(40.0))
        assert torch.get_num_threads() == threads, "the caller's threads stay as they are"
    finally:
        torch.set_num_threads(before)


def test_errors_of_threads_reach_the_caller():
    def fail(item: int, own: Workspace) -> None:
        raise ValueError("part 3") if item == 3 else RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        Workspace(2).each(fail, range(5))

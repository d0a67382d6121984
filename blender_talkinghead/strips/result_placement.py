# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a result strip lies, and the list of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import compat
from .channels import free_channel, is_free
from .result_layout import Layout


def layout_of(result: Any, anchor: int) -> Layout:
    """The pictures of a result, and which of them show, where content frame 0 lies at ``anchor``."""
    first = result.th_result_first
    return Layout(first, first + len(result.elements), compat.left(result) - anchor, compat.right(result) - anchor)


def place(result: Any, layout: Layout, anchor: int) -> None:
    """Set content and handles; a result that no longer fits its channel goes to a free one above.

    Keys of the strip stay at their frames.

    Raises:
        TalkingHeadError: INVALID_REQUEST when no channel is free; nothing has changed then.
    """
    left, right = anchor + layout.visible_first, anchor + layout.visible_end
    channel = channel_between(result, left, right)
    start = anchor + layout.first + compat.content_trim_start(result)
    moved = start - compat.content_start(result)
    if moved:
        compat.set_content_start(result, start)
        compat.shift_keys(result, -moved)
    result.th_result_first = layout.first
    compat.set_left(result, left)
    compat.set_right(result, right)
    # Last: on the way here it may lie over others for a moment, and Blender then moves it to another channel.
    if result.channel != channel:
        result.channel = channel


def channel_between(result: Any, left: int, right: int) -> int:
    """The channel of a result where that is free in a span of time, the end exclusive, else a free one above.

    Raises:
        TalkingHeadError: INVALID_REQUEST when there is none.
    """
    container = compat.container_of(result)
    if is_free(container, result.channel, left, right, result.name):
        return result.channel
    return free_channel(container, result.channel + 1, left, right, besides=result.name)


def set_elements(strip: Any, names: Sequence[str]) -> None:
    """Name the pictures of a strip; it has at least as many afterwards."""
    elements = strip.elements
    for element, name in zip(elements, names, strict=False):
        if element.filename != name:
            element.filename = name
    for name in names[len(elements) :]:
        elements.append(name)

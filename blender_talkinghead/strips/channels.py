# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Free channels: new strips are put where there is room, never over others and never on a locked channel."""

from __future__ import annotations

from typing import Any

from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat


def free_channel(container: Any, lowest: int, first: int, end: int, *, besides: str = "", count: int = 1) -> int:
    """The lowest channel from ``lowest`` on where nothing lies in a span of time.

    Args:
        first, end: timeline frames, the end exclusive.
        besides: name of a strip that does not count.
        count: how many channels must be free, this one and those above it.

    Raises:
        TalkingHeadError: INVALID_REQUEST when there is none.
    """
    for channel in range(lowest, compat.LAST_CHANNEL + 2 - count):
        wanted = range(channel, channel + count)
        if all(is_free(container, one, first, end, besides) and not container.channels[one].lock for one in wanted):
            return channel
    raise TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        "There is no free channel." if lowest == 1 else f"There is no free channel from channel {lowest} on.",
        "Unlock a channel, or move strips to lower ones.",
    )


def is_free(container: Any, channel: int, first: int, end: int, besides: str = "") -> bool:
    """Whether no strip but the named one lies on a channel in a span of time, the end exclusive."""
    return not any(
        strip.channel == channel and compat.left(strip) < end and compat.right(strip) > first and strip.name != besides
        for strip in compat.strips_in(container)
    )

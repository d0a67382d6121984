# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that wait, and the cancelling of the one that is being answered."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from ..errors import ErrorCode, TalkingHeadError
from ..protocol import Message


class Inbox:
    """First in, first out; of previews only the newest waits. Filled by the reader thread, emptied by the main one.

    Args:
        give_up: called with the id of a request that ends without having begun.
    """

    def __init__(self, give_up: Callable[[object], None]) -> None:
        self._give_up = give_up
        self._waiting: deque[Message] = deque()
        self._arrived = threading.Condition()
        self._current: object = None
        self._cancelled = False

    def put(self, message: Message) -> None:
        """Take a message from the host."""
        with self._arrived:
            if message.type == "cancel":
                given_up = self._cancel(message.fields.get("target"))
            elif message.type == "shutdown":
                given_up = list(self._waiting)
                self._waiting = deque([message])
                self._cancelled = True
            else:
                given_up = [m for m in self._waiting if m.type == "preview"] if message.type == "preview" else []
                self._remove(given_up)
                self._waiting.append(message)
            self._arrived.notify()
        for old in given_up:
            self._give_up(old.fields.get("id"))

    def next(self, timeout_s: float) -> Message | None:
        """Wait for a request and begin it; None when none came in time."""
        with self._arrived:
            self._current = None
            if not self._arrived.wait_for(lambda: self._waiting, timeout_s):
                return None
            message = self._waiting.popleft()
            if message.type != "shutdown":
                self._current, self._cancelled = message.fields.get("id"), False
            return message

    def waiting_preview(self) -> Message | None:
        """A preview that waits behind the present request, taken out."""
        with self._arrived:
            for message in self._waiting:
                if message.type == "preview":
                    self._waiting.remove(message)
                    return message
        return None

    def check(self) -> None:
        """Raise if the present request was cancelled.

        Raises:
            TalkingHeadError: CANCELLED.
        """
        if self._cancelled:
            raise TalkingHeadError(ErrorCode.CANCELLED, "The job was canceled.", "Finished frames are kept.")

    def _cancel(self, target: object) -> list[Message]:
        if target is not None and target == self._current:
            self._cancelled = True
            return []
        given_up = [message for message in self._waiting if message.fields.get("id") == target]
        self._remove(given_up)
        return given_up

    def _remove(self, messages: list[Message]) -> None:
        self._waiting = deque(m for m in self._waiting if not any(m is other for other in messages))

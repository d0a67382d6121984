# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two pipes to the host, kept away from everything else that reads or prints."""

from __future__ import annotations

import os
import sys
import threading
from typing import BinaryIO

from .. import protocol
from ..errors import TalkingHeadError
from ..protocol import Message


class Channel:
    """Messages from and to the host. ``send`` may be called by any thread."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._lock = threading.Lock()

    @classmethod
    def of_this_process(cls) -> Channel:
        """Take over standard input and output.

        Whatever a library prints from now on goes to standard error, and children do not inherit the host's pipes,
        which would keep them open after the worker's end.
        """
        incoming, outgoing = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        if sys.platform == "win32":
            import msvcrt

            for descriptor in (incoming, outgoing):
                msvcrt.setmode(descriptor, os.O_BINARY)
        return cls(os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb"))

    def send(self, type_: str, payload: bytes = b"", **fields: object) -> None:
        """Send a message."""
        self.send_message(Message(type_, fields, payload))

    def send_error(self, id_: object, error: TalkingHeadError) -> None:
        """Send an error as the answer to a request, or with None as one about the connection."""
        self.send_message(Message("error", {**error.to_dict(), "id": id_}))

    def send_message(self, message: Message) -> None:
        """Send a message.

        Raises:
            ValueError: the message is over the protocol's limits.
        """
        try:
            with self._lock:
                protocol.write(self._outgoing, message)
        except OSError:
            # The host reads no more: nobody is left to work for.
            os._exit(0)

    def receive(self) -> Message | None:
        """The next message; None at the end of the input.

        Raises:
            TalkingHeadError: PROTOCOL.
        """
        return protocol.read(self._incoming)

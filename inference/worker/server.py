# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker process: says hello, answers one request after the other, and ends with its host."""

from __future__ import annotations

import logging
import os
import platform
import threading
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from ..errors import Action, ErrorCode, TalkingHeadError
from ..protocol import PROTOCOL, Message
from . import logs
from .channel import Channel
from .inbox import Inbox

_PACKAGES = (
    "numpy", "opencv-python", "opencv-python-headless", "av", "torch", "onnxruntime", "onnxruntime-gpu", "diffusers",
    "transformers",
)  # fmt: skip
# Sessions are closed and large engines freed after so long without a request, so that nothing is held for nothing.
_IDLE_S = 300.0
_LOG = logging.getLogger(__name__)


def main() -> int:
    """Serve the host on standard input and output until either ends.

    Returns:
        Exit code: 0 after a shutdown, 1 when host and worker do not speak the same protocol. At the end of the input
        the process ends at once, whatever it is doing.
    """
    channel = Channel.of_this_process()
    logs.start()
    greeting = _greet(channel)
    if greeting is None:
        return 1
    inbox = Inbox(lambda id_: channel.send("cancelled", id=id_))
    threading.Thread(target=_read, args=(channel, inbox), name="reader", daemon=True).start()
    return _Server(channel, inbox, greeting).serve()


def _greet(channel: Channel) -> Message | None:
    """Exchange hello. Engines and media are imported afterwards, so that the host need not wait for them."""
    try:
        message = channel.receive()
    except TalkingHeadError as error:
        _LOG.error("%s %s", error, error.details)
        channel.send_error(None, error)
        return None
    if message is None:
        os._exit(0)
    if message.type != "hello" or message.fields.get("protocol") != PROTOCOL:
        error = TalkingHeadError(
            ErrorCode.PROTOCOL,
            "The worker and Blender's part of Talking Head are of different versions.",
            "Restart Blender; if it stays so, repair the worker's environment.",
            Action.REPAIR_WORKER,
            f"got {message.type} {message.fields.get('protocol')}, this worker speaks protocol {PROTOCOL}",
        )
        _LOG.error("%s %s", error, error.details)
        channel.send_error(message.fields.get("id"), error)
        return None
    channel.send(
        "hello", protocol=PROTOCOL, app_version=message.fields.get("app_version", ""),
        python=platform.python_version(), pid=os.getpid(), packages=_packages(),
    )  # fmt: skip
    return message


def _packages() -> dict[str, str]:
    """Versions of the packages that matter, without importing them."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _read(channel: Channel, inbox: Inbox) -> None:
    """Fill the inbox; end the process when the host is gone or cannot be understood any more."""
    code = 1
    try:
        while (message := channel.receive()) is not None:
            inbox.put(message)
        code = 0
    except TalkingHeadError as error:
        _LOG.error("%s %s", error, error.details)
        channel.send_error(None, error)
    except OSError as error:
        _LOG.error("The pipe from the host broke: %s", error)
    finally:
        logging.shutdown()
        # At once: neither a computation nor a C library may keep the process, and with it the GPU, alive.
        os._exit(code)


class _Server:
    """The main thread's side."""

    def __init__(self, channel: Channel, inbox: Inbox, greeting: Message) -> None:
        from ..media.digests import Digests
        from ..weights.store import WeightStore, default_folders
        from .sessions import Sessions

        named = [Path(str(folder)) for folder in _list(greeting.fields.get("weights"))]
        cache = Path(str(greeting.fields["cache"])) if greeting.fields.get("cache") else None
        digests = Digests(cache / "digests" if cache else None)
        self._channel = channel
        self._inbox = inbox
        weights = WeightStore([*named, *default_folders()], cache / "weight-digests" if cache else None)
        self._sessions = Sessions(weights, digests, inbox.check, cache)
        _LOG.info("Worker %d on Python %s", os.getpid(), platform.python_version())

    def serve(self) -> int:
        """Answer requests until shutdown."""
        while True:
            message = self._inbox.next(_IDLE_S)
            if message is None:
                self._sessions.rest()
            elif message.type == "shutdown":
                self._sessions.unload()
                return 0
            else:
                self._answer(message, between=self._preview_between)

    def _preview_between(self) -> None:
        waiting = self._inbox.waiting_preview()
        if waiting is not None:
            self._answer(waiting, between=lambda: None)

    def _answer(self, message: Message, between: Callable[[], None]) -> None:
        from .failures import as_error
        from .requests import answer, known
        from .task import Task

        if not known(message.type):
            _LOG.warning("Ignored a message of the unknown type '%s'", message.type)
            return
        id_ = message.fields.get("id")

        def send(type_: str, payload: bytes = b"", **fields: object) -> None:
            self._channel.send(type_, payload, id=id_, **fields)

        try:
            done = answer(message, Task(send, self._inbox.check, between), self._sessions)
            self._channel.send_message(Message(done.type, {**done.fields, "id": id_}, done.payload))
        except Exception as exception:  # noqa: BLE001 -- whatever fails is told to the host; the worker goes on
            error = as_error(exception)
            if error.code is ErrorCode.CANCELLED:
                send("cancelled")
                return
            _LOG.error("%s failed: %s\n%s", message.type, error, error.details)
            self._channel.send_error(id_, error)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker that only speaks the protocol, with faults on demand: ``fake_worker.py MODE``.

Modes: ``good``; ``mute`` never says hello; ``no-start`` ends before hello; ``old`` speaks another protocol;
``garbage`` answers a request with bytes that are no message; ``deaf`` ignores cancel and ends by SIGTERM only;
``stone`` ignores SIGTERM as well; ``noisy`` writes a megabyte to standard error first.
Requests: ``echo`` (payload and fields come back), ``count`` (``frames`` frames, ``pause_s`` apart; with ``tells`` also
progress), ``die`` (``exit_code`` or ``signal``), ``fail``.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from inference import protocol
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.protocol import Message

MODE = sys.argv[1]
incoming: queue.Queue[Message] = queue.Queue()
cancelled: set[int] = set()


def send(type_: str, payload: bytes = b"", **fields: object) -> None:
    protocol.write(sys.stdout.buffer, Message(type_, fields, payload))


def read() -> None:
    while (message := protocol.read(sys.stdin.buffer)) is not None:
        if message.type == "cancel":
            cancelled.add(int(message.fields["target"]))
        else:
            incoming.put(message)
    os._exit(0)


def count(message: Message) -> None:
    number = message.fields["id"]
    for index in range(int(message.fields["frames"])):
        if number in cancelled and MODE not in ("deaf", "stone"):
            send("cancelled", id=number)
            return
        send("frame", id=number, index=index, file=f"{index}.png")
        if message.fields.get("tells"):
            send("progress", id=number, done=index, total=int(message.fields["frames"]), stage="")
        time.sleep(float(message.fields.get("pause_s", 0)))
    send("done", id=number, rendered=message.fields["frames"], reused=0)


def answer(message: Message) -> None:
    number = message.fields.get("id")
    if message.type == "hello":
        send("hello", protocol=protocol.PROTOCOL, app_version="0.1.0", python="3", pid=os.getpid(), packages={})
    elif message.type == "echo" and MODE == "garbage":
        sys.stdout.buffer.write(b"Traceback (most recent call last):")
        sys.stdout.buffer.flush()
    elif message.type == "echo":
        send("done", message.payload, **message.fields)
    elif message.type == "count":
        count(message)
    elif message.type == "die":
        die(message)
    elif message.type == "fail":
        error = TalkingHeadError(ErrorCode.NO_FACE, "No face.", "Place points.", Action.PLACE_POINTS)
        send("error", id=number, **error.to_dict())


def die(message: Message) -> None:
    print("the last words", file=sys.stderr, flush=True)
    if "signal" in message.fields:
        os.kill(os.getpid(), int(message.fields["signal"]))
    os._exit(int(message.fields.get("exit_code", 1)))


def main() -> None:
    if MODE == "no-start":
        print("ModuleNotFoundError: No module named 'cv2'", file=sys.stderr)
        sys.exit(1)
    if MODE == "mute":
        time.sleep(60)
    if MODE == "noisy":
        sys.stderr.write("noise\n" * 200_000)
    if MODE == "stone":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=read, daemon=True).start()
    while True:
        message = incoming.get()
        if message.type == "hello" and MODE == "old":
            error = TalkingHeadError(ErrorCode.PROTOCOL, "The worker is of another version.", "Repair it.")
            send("error", **error.to_dict())
            sys.exit(1)
        answer(message)


main()

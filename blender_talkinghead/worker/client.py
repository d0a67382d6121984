# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the worker and their answers. No bpy here.

``submit`` starts the worker when none runs. Pipes are read and written by threads; ``pump`` hands what arrived to the
requests and is called by one thread only (Blender's main thread).
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum

from ...inference import protocol
from ...inference.errors import Action, ErrorCode, TalkingHeadError
from ...inference.protocol import Message
from .process import Launch, WorkerProcess, death_error, start_error

HANDSHAKE_PATIENCE_S = 20.0
# A neural engine without a GPU needs some seconds for the frame that it finishes first.
CANCEL_PATIENCE_S = 15.0
# A worker that tells progress meanwhile is ending what would be lost with it, such as the section of a film.
CANCEL_LONGEST_S = 180.0
# A frame that a slow computer draws ends by itself; what waits behind it would be lost with the worker.
PREVIEW_PATIENCE_S = 180.0
TERMINATE_PATIENCE_S = 3.0
EXIT_PATIENCE_S = 0.3
DEATHS_ALLOWED = 3
DEATHS_WINDOW_S = 300.0
NOBODY = 0  # the id of requests without a listener

_LOGGER = logging.getLogger(__name__)
_END = object()


class Outcome(str, Enum):
    """How far a request is."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Request:
    """One request and its answers so far."""

    def __init__(self, number: int, type_: str) -> None:
        self.id = number
        self.type = type_
        self.outcome = Outcome.OPEN
        self.answer: Message | None = None
        self.error: TalkingHeadError | None = None
        self._events: deque[Message] = deque()

    def __repr__(self) -> str:
        return f"Request({self.id}, {self.type}, {self.outcome.value})"

    @property
    def open(self) -> bool:
        """Whether answers are still to come."""
        return self.outcome is Outcome.OPEN

    def poll(self) -> list[Message]:
        """The ``plan``, ``frame`` and ``progress`` messages that arrived since the last call, oldest first."""
        events = list(self._events)
        self._events.clear()
        return events

    def result(self) -> Message:
        """The ``done`` message.

        Raises:
            TalkingHeadError: what the worker answered instead; CANCELLED.
        """
        if self.outcome is Outcome.DONE and self.answer is not None:
            return self.answer
        raise self.error or TalkingHeadError(ErrorCode.CANCELLED, "The job was canceled.")

    def take(self, message: Message) -> None:
        """Take an answer."""
        if message.type == "done":
            self.outcome, self.answer = Outcome.DONE, message
        elif message.type == "error":
            self.fail(TalkingHeadError.from_dict(dict(message.fields)))
        elif message.type == "cancelled":
            self.outcome = Outcome.CANCELLED
        else:
            self._events.append(message)

    def fail(self, error: TalkingHeadError) -> None:
        """End with an error, once."""
        if self.open:
            self.outcome, self.error = Outcome.FAILED, error


class _Connection:
    """A worker process with its two threads."""

    def __init__(self, launch: Launch) -> None:
        self.process = WorkerProcess(launch)
        self.incoming: queue.Queue[object] = queue.Queue()
        self.outgoing: queue.Queue[object] = queue.Queue()
        self.started_s = time.monotonic()
        self.greeting: Message | None = None
        self.error: TalkingHeadError | None = None
        self.exit_seen_s: float | None = None
        for target in (self._read, self._write):
            threading.Thread(target=target, name=f"talkinghead-{target.__name__}", daemon=True).start()

    def _read(self) -> None:
        try:
            while (message := protocol.read(self.process.stdout)) is not None:
                self.incoming.put(message)
        except TalkingHeadError as error:
            self.incoming.put(error)
        except OSError:
            pass  # as good as its end
        finally:
            self.process.stdout.close()
        self.incoming.put(_END)

    def _write(self) -> None:
        try:
            while (data := self.outgoing.get()) is not _END:
                assert isinstance(data, bytes)
                self.process.write(data)
        except OSError:
            pass  # the worker is gone; the reader says so
        finally:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def send(self, message: Message) -> None:
        self.outgoing.put(protocol.encode(message))

    def close(self, patience_s: float) -> None:
        self.outgoing.put(_END)
        self.process.stop(patience_s)


class Client:
    """The one connection to the worker. ``launch`` is asked how to start it each time it is started."""

    def __init__(self, launch: Callable[[], Launch], handshake_patience_s: float = HANDSHAKE_PATIENCE_S) -> None:
        self._launch = launch
        self._handshake_patience_s = handshake_patience_s
        self._connection: _Connection | None = None
        self._numbers = itertools.count(1)
        self._requests: dict[int, Request] = {}
        # Until when the worker may take to give up a request.
        self._give_up_s: dict[int, float] = {}
        self._cancelled_s: dict[int, float] = {}
        self._force_s: float | None = None
        self._deaths_s: deque[float] = deque(maxlen=DEATHS_ALLOWED)

    @property
    def running(self) -> bool:
        """Whether a worker process runs."""
        return self._connection is not None and self._connection.process.exit_code() is None

    @property
    def pid(self) -> int | None:
        """Process id of the worker, or None."""
        return self._connection.process.pid if self._connection else None

    @property
    def greeting(self) -> Mapping[str, object] | None:
        """What the worker said of itself (``python``, ``packages`` ...), or None before it did."""
        greeting = self._connection.greeting if self._connection else None
        return greeting.fields if greeting else None

    @property
    def busy(self) -> bool:
        """Whether a request is open."""
        return bool(self._requests)

    def submit(self, type_: str, fields: Mapping[str, object] | None = None, payload: bytes = b"") -> Request:
        """Send a request; start the worker if none runs.

        Raises:
            TalkingHeadError: ENVIRONMENT_BROKEN or WORKER_DIED when no worker can be started.
        """
        self.pump()
        self._bury()
        if self._connection is None:
            self._connect()
        assert self._connection
        request = Request(next(self._numbers), type_)
        self._connection.send(Message(type_, {**(fields or {}), "id": request.id}, payload))
        self._requests[request.id] = request
        return request

    def notify(self, type_: str, fields: Mapping[str, object] | None = None) -> None:
        """Send a request whose answer nobody waits for to the worker, if one runs. Safe in any thread; never waits."""
        connection = self._connection
        if connection is not None:
            connection.send(Message(type_, {**(fields or {}), "id": NOBODY}))

    def cancel(self, request: Request, patience_s: float | None = None) -> None:
        """Ask the worker to give a request up. If it neither does nor tells progress for some seconds it is stopped."""
        if not request.open or request.id in self._give_up_s or self._connection is None:
            return
        self._cancelled_s[request.id] = time.monotonic()
        self._give_up_s[request.id] = time.monotonic() + (CANCEL_PATIENCE_S if patience_s is None else patience_s)
        self._connection.send(Message("cancel", {"target": request.id}))

    def pump(self, wait_s: float = 0.0) -> None:
        """Hand over what arrived, waiting up to ``wait_s`` for something to arrive; notice a death, end the deaf."""
        connection = self._connection
        if connection is None:
            return
        try:
            item = connection.incoming.get(timeout=wait_s) if wait_s else connection.incoming.get_nowait()
            while True:
                self._take(connection, item)
                item = connection.incoming.get_nowait()
        except queue.Empty:
            pass
        if self._connection is connection:
            self._watch(connection)

    def wait(self, request: Request) -> Message:
        """Pump until a request has ended; its ``done`` message.

        Raises:
            TalkingHeadError: as ``Request.result``.
        """
        while request.open:
            self.pump(0.05)
        return request.result()

    def stop(self, patience_s: float = 2.0) -> None:
        """End the worker, if one runs. Open requests end as cancelled."""
        connection, self._connection = self._connection, None
        for request in self._requests.values():
            if request.open:
                request.outcome = Outcome.CANCELLED
        self._forget_requests()
        if connection is not None:
            connection.close(patience_s)

    def forgive(self) -> None:
        """Forget earlier deaths: the environment was repaired."""
        self._deaths_s.clear()

    def _connect(self) -> None:
        self._check_deaths()
        launch = self._launch()
        connection = _Connection(launch)
        connection.send(
            Message(
                "hello",
                {
                    "protocol": protocol.PROTOCOL,
                    "app_version": launch.app_version,
                    "weights": [str(folder) for folder in launch.weights],
                    "cache": str(launch.cache or launch.folder),
                },
            )
        )
        self._connection = connection

    def _check_deaths(self) -> None:
        now = time.monotonic()
        recent = [death for death in self._deaths_s if now - death < DEATHS_WINDOW_S]
        if len(recent) >= DEATHS_ALLOWED:
            raise TalkingHeadError(
                ErrorCode.WORKER_DIED,
                f"The worker stopped {len(recent)} times within {DEATHS_WINDOW_S / 60:.0f} minutes, so it is not"
                " started again for now.",
                "Look at the log, or repair the worker's environment.",
                Action.REPAIR_WORKER,
            )

    def _take(self, connection: _Connection, item: object) -> None:
        if item is _END:
            self._died(connection)
        elif isinstance(item, TalkingHeadError):
            connection.error = item
            connection.process.kill()  # out of step: nothing it says can be understood any more
        elif isinstance(item, Message):
            self._take_message(connection, item)

    def _take_message(self, connection: _Connection, message: Message) -> None:
        request = self._requests.get(message.fields.get("id", 0))  # type: ignore[arg-type]
        if request is not None:
            request.take(message)
            if not request.open:
                self._requests.pop(request.id)
                self._give_up_s.pop(request.id, None)
                self._cancelled_s.pop(request.id, None)
                self._force_s = None if not self._give_up_s else self._force_s
            elif message.type == "progress" and request.id in self._give_up_s:
                self._wait_longer(request.id)
        elif message.type == "hello":
            connection.greeting = message
        elif message.type == "error":
            connection.error = TalkingHeadError.from_dict(dict(message.fields))
        elif message.type not in ("done", "cancelled", "frame", "progress", "plan"):
            _LOGGER.info("worker sent an unknown message of type %r", message.type)

    def _wait_longer(self, number: int) -> None:
        """Be patient with a worker that tells progress, but not for ever."""
        latest_s = min(time.monotonic() + CANCEL_PATIENCE_S, self._cancelled_s[number] + CANCEL_LONGEST_S)
        self._give_up_s[number] = max(self._give_up_s[number], latest_s)

    def _watch(self, connection: _Connection) -> None:
        now = time.monotonic()
        if connection.process.exit_code() is not None:
            # Its end of the pipe may be held by a program it started, so the exit code counts as well, a moment later.
            connection.exit_seen_s = connection.exit_seen_s or now
            if now - connection.exit_seen_s > EXIT_PATIENCE_S:
                self._died(connection)
        elif connection.greeting is None and now - connection.started_s > self._handshake_patience_s:
            connection.error = connection.error or TalkingHeadError(
                ErrorCode.ENVIRONMENT_BROKEN,
                f"The worker did not answer within {self._handshake_patience_s:.0f} seconds.",
                "Repair the worker's environment, or look at the log.",
                Action.REPAIR_WORKER,
                connection.process.log_tail(),
            )
            connection.process.kill()
        elif self._give_up_s and now > min(self._give_up_s.values()):
            self._force(connection, now)

    def _force(self, connection: _Connection, now: float) -> None:
        """End a worker that ignores a cancel: politely, then not."""
        if self._force_s is None:
            self._force_s = now
            connection.process.terminate()
        elif now - self._force_s > TERMINATE_PATIENCE_S:
            connection.process.kill()

    def _bury(self) -> None:
        """Notice a worker that has ended before its pipe says so: what is sent to it now would be lost."""
        connection = self._connection
        if connection is None or connection.process.exit_code() is None:
            return
        with contextlib.suppress(queue.Empty):
            while self._connection is connection:
                self._take(connection, connection.incoming.get(timeout=EXIT_PATIENCE_S))
        self._died(connection)

    def _died(self, connection: _Connection) -> None:
        if self._connection is not connection:
            return
        self._connection = None
        exit_code = _settled_exit_code(connection.process)
        forced = bool(self._give_up_s)
        describe = start_error if connection.greeting is None else death_error
        error = connection.error or describe(exit_code, connection.process.log_tail())
        for request in self._requests.values():
            if request.id in self._give_up_s:
                request.outcome = Outcome.CANCELLED
            else:
                request.fail(error)
        self._forget_requests()
        connection.close(0.0)
        if not forced:
            self._deaths_s.append(time.monotonic())

    def _forget_requests(self) -> None:
        self._requests.clear()
        self._give_up_s.clear()
        self._cancelled_s.clear()
        self._force_s = None


def _settled_exit_code(process: WorkerProcess) -> int | None:
    """The exit code; the end of the pipe is often seen a moment before it is known."""
    deadline = time.monotonic() + 0.5
    while (code := process.exit_code()) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return code

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker as a child process: command line, environment, log file, ending. No bpy here."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from ...inference.errors import Action, ErrorCode, TalkingHeadError

LOG_LIMIT_BYTES = 1_000_000
LOG_TAIL_LINES = 40
OUT_OF_MEMORY_SIGNAL = 9

# Adds the extension's folder to the path of an isolated interpreter (-I), then runs `inference` as a program.
_START = (
    "import sys,runpy; sys.path.insert(0, sys.argv[1]); del sys.argv[1]; "
    "runpy.run_module('inference', run_name='__main__', alter_sys=True)"
)
# What a host or a shell may have set for its own Python, and would mislead the worker's.
_SCRUBBED_PREFIXES = ("PYTHON", "CONDA")
_SCRUBBED_NAMES = frozenset(
    {"VIRTUAL_ENV", "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "PSMODULEPATH"}
)
_WINDOWS_EXITS = {
    0xC0000005: "it touched memory that is not its own, which a broken driver or package can cause",
    0xC0000135: "a library it needs is missing",
    0xC000026B: "Windows is shutting down",
}


@dataclass(frozen=True)
class Launch:
    """How to start a worker.

    Attributes:
        command: program and arguments.
        folder: its current folder.
        environment: its whole environment.
        log: the file that receives its standard error output.
        weights: folders with weights, the first wins.
        cache: folder for what it may keep between runs.
        app_version: version of the extension.
    """

    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    log: Path
    weights: tuple[Path, ...] = ()
    cache: Path | None = None
    app_version: str = ""


def inference_command(python: Path, extension: Path, user: Path, arguments: Sequence[str] = ()) -> tuple[str, ...]:
    """The command line that runs ``inference`` of the extension with an interpreter that knows nothing of it."""
    pycache = f"pycache_prefix={user / 'pycache'}"
    return (str(python), "-I", "-u", "-X", "utf8", "-X", pycache, "-c", _START, str(extension), *arguments)


def scrubbed_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """A copy without what would mislead another Python."""
    return {
        name: value
        for name, value in environment.items()
        if not name.upper().startswith(_SCRUBBED_PREFIXES) and name.upper() not in _SCRUBBED_NAMES
    }


def popen_options() -> dict[str, Any]:
    """Options that keep a child apart from Blender: no console window, no shared Ctrl-C, a group of its own."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def rotate_log(log: Path) -> None:
    """Move a log that has grown large aside; one old log is kept."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        os.replace(log, log.with_suffix(".old.log"))


def log_tail(log: Path, lines: int = LOG_TAIL_LINES) -> str:
    """The last lines of a log; empty if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 200 * lines))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


class WorkerProcess:
    """One running worker. ``stdin`` and ``stdout`` carry the protocol, standard error goes to the log file."""

    def __init__(self, launch: Launch) -> None:
        self.log = launch.log
        try:
            launch.log.parent.mkdir(parents=True, exist_ok=True)
            rotate_log(launch.log)
            with launch.log.open("ab") as log:
                self._log_start = log.tell()
                self._process = subprocess.Popen(
                    launch.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=launch.folder,
                    env=dict(launch.environment), bufsize=0, close_fds=True, **popen_options(),
                )  # fmt: skip
        except OSError as error:
            raise TalkingHeadError(
                ErrorCode.ENVIRONMENT_BROKEN,
                "The worker could not be started.",
                "Repair the worker's environment.",
                Action.REPAIR_WORKER,
                f"{error}; command: {launch.command}",
            ) from error
        assert self._process.stdin and self._process.stdout
        # Unbuffered, so that closing never waits for a thread that is blocked in a write.
        self.stdin, self.stdout = cast(BinaryIO, self._process.stdin), cast(BinaryIO, self._process.stdout)
        self.pid = self._process.pid

    def write(self, data: bytes) -> None:
        """Write all bytes; blocks while the pipe is full.

        Raises:
            OSError, ValueError: the worker is gone, or the pipe was closed.
        """
        rest = memoryview(data)
        while rest:
            rest = rest[self.stdin.write(rest) or 0 :]

    def exit_code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll()

    def log_tail(self) -> str:
        """The last lines this worker wrote to the log."""
        try:
            with self.log.open("rb") as file:
                file.seek(self._log_start)
                text = file.read().decode("utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-LOG_TAIL_LINES:])

    def terminate(self) -> None:
        """Ask the system to end the worker and what it started."""
        self._signal(getattr(signal, "SIGTERM", None))

    def kill(self) -> None:
        """End the worker and what it started, whatever it is doing."""
        self._signal(getattr(signal, "SIGKILL", None))

    def stop(self, patience_s: float = 2.0) -> None:
        """Wait until it is gone; by force when that takes too long. Its input has been ended before.

        The pipes are closed by the threads that use them: the number of a closed file is given to the next pipe,
        and a thread still inside a read or write would take or send what belongs to the next worker.
        """
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()

    def _signal(self, number: int | None) -> None:
        if self._process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32" or number is None:
                self._process.kill()
            else:
                os.killpg(self._process.pid, number)


def death_sentence(exit_code: int | None) -> str:
    """Why a worker ended without being asked to, in plain words."""
    if exit_code is None:
        return "The worker closed its connection."
    if exit_code == -OUT_OF_MEMORY_SIGNAL:
        return "The worker was stopped by the system, probably because memory ran out."
    if exit_code < 0:
        return f"The worker crashed ({_signal_name(-exit_code)})."
    if exit_code & 0xFFFFFFFF in _WINDOWS_EXITS and exit_code > 255:
        return f"The worker crashed: {_WINDOWS_EXITS[exit_code & 0xFFFFFFFF]}."
    return f"The worker ended unexpectedly (exit code {exit_code})."


def start_error(exit_code: int | None, log: str) -> TalkingHeadError:
    """The error when a worker ended before it said hello: its environment does not work."""
    return TalkingHeadError(
        ErrorCode.ENVIRONMENT_BROKEN,
        "The worker could not start" + ("." if exit_code is None else f" (exit code {exit_code})."),
        "Repair the worker's environment; the log says what is missing.",
        Action.REPAIR_WORKER,
        log,
    )


def death_error(exit_code: int | None, log: str) -> TalkingHeadError:
    """The error of every request that was open when a worker ended."""
    out_of_memory = exit_code == -OUT_OF_MEMORY_SIGNAL
    hint = "Close other programs, then render again: finished frames are kept."
    return TalkingHeadError(
        ErrorCode.WORKER_DIED,
        death_sentence(exit_code),
        hint if out_of_memory else "Render again: finished frames are kept. The log says more.",
        Action.SHOW_LOG,
        log,
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

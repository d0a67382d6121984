# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a set-up's programs: their output goes to the log, and a failure becomes advice. No bpy here."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...inference.errors import Action, ErrorCode, TalkingHeadError
from .environment import Places
from .process import log_tail, popen_options, scrubbed_environment
from .torch_builds import TorchBuild

POLL_S = 0.02


@dataclass(frozen=True)
class Plan:
    """What is to be set up.

    Attributes:
        places: folders.
        tier: which environment.
        interpreters: to try, in this order.
        weights: catalogue names of the weight files to get.
        online: whether the network may be used.
        offline_hint: what the user can do when it may not.
        variables: environment variables of Blender, for proxies and the like.
        weight_folders: more folders that may hold weights.
        build: which PyTorch goes into a tier that has it.
    """

    places: Places
    tier: str
    interpreters: tuple[Path, ...]
    weights: tuple[str, ...]
    online: bool
    offline_hint: str
    variables: Mapping[str, str]
    weight_folders: tuple[Path, ...] = ()
    build: TorchBuild | None = None


@dataclass(frozen=True)
class Progress:
    """How far the set-up is: what it does, in words, 0 to 1, and at the end what the user should know."""

    text: str
    fraction: float
    warnings: tuple[str, ...] = ()


Steps = Generator[Progress, None, None]
# What a long step measures of itself: words for people, and how far it is, 0 to 1.
Measure = Callable[[], tuple[str, float]]
MEASURE_S = 0.5


def check_folder(folder: Path, needed_bytes: int) -> None:
    """Whether a folder can be written and its disk has room.

    Raises:
        TalkingHeadError: OUTPUT_NOT_WRITABLE or DISK_FULL.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial = folder / "write-test"
        trial.write_bytes(b"x")
        trial.unlink()
    except OSError as error:
        raise not_writable(folder, error) from error
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise TalkingHeadError(
            ErrorCode.DISK_FULL,
            f"The disk has {free / 1e6:.0f} MB left; the worker needs {needed_bytes / 1e6:.0f} MB.",
            f"Free some space on the disk of {folder}.",
        )


def run_step(
    plan: Plan, command: list[str], text: str, start: float, end: float, measure: Measure | None = None
) -> Steps:
    """Run a program to its end; its output goes to the log, whose last line is shown.

    Args:
        start, end: fractions of the whole.
        measure: how far the program is; without it, the lines it wrote tell.
    """
    log = plan.places.setup_log
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"\n$ {' '.join(command)}\n".encode())
        output.flush()
        first_byte = output.tell()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=plan.places.user,
            env=scrubbed_environment(plan.variables), **popen_options(),
        )  # fmt: skip
    words, done, measured_s = "", 0.0, 0.0
    try:
        while process.poll() is None:
            if measure is None:
                lines = _lines_since(log, first_byte)
                done = lines / (lines + 10)
            elif time.monotonic() - measured_s > MEASURE_S:
                words, reached = measure()
                done, measured_s = max(done, min(1.0, reached)), time.monotonic()
            yield Progress(_with_last_line(text, log) + words, start + (end - start) * done)
            time.sleep(POLL_S)
    finally:
        end_process(process)
    if process.returncode:
        with log.open("rb") as file:
            file.seek(first_byte)
            raise advice(text, file.read().decode("utf-8", errors="replace"))


def _lines_since(log: Path, first_byte: int) -> int:
    with log.open("rb") as file:
        file.seek(first_byte)
        return file.read().count(b"\n")


def _with_last_line(text: str, log: Path) -> str:
    line = log_tail(log, 1)
    if match := re.match(r"\s*(Collecting|Downloading|Installing collected packages:?|Processing)\s+(\S+)", line):
        verb = "Installing" if match[1].startswith("Installing") else match[1]
        return f"{text}: {verb} {Path(match[2]).name.rstrip(',')}"
    return text


def end_process(process: subprocess.Popen[Any]) -> None:
    """End a program and what it started, if it still runs."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, 9)
            else:
                process.kill()
        process.wait()


# Texts that pip, Python and the loader write, and what to tell the user. The first that is found counts.
_ADVICE: tuple[tuple[str, ErrorCode, str, str], ...] = (
    (r"No space left on device|\[WinError 112\]|Disk quota exceeded", ErrorCode.DISK_FULL,
     "The disk is full.", "Free some space, then try again."),
    (r"Long Path support|\[WinError 206\]", ErrorCode.ENVIRONMENT_BROKEN,
     "Windows does not allow paths as long as the packages need.",
     "Turn on long paths in Windows (LongPathsEnabled), or use a shorter user name or folder for Blender."),
    (r"\[WinError 225\]", ErrorCode.ENVIRONMENT_BROKEN,
     "A virus scanner blocked the installation.", "Allow Blender's extension folder in the virus scanner."),
    (r"ensurepip is not available|No module named ensurepip", ErrorCode.ENVIRONMENT_BROKEN,
     "This Python cannot make environments: ensurepip is missing.",
     "On Debian and Ubuntu, install the package python3-venv, or name another Python in the preferences."),
    (r"libGL\.so|libglib-2\.0|libgthread|libEGL|libxcb|libSM\.so|libXext", ErrorCode.ENVIRONMENT_BROKEN,
     "OpenCV needs a system library that is missing.",
     "On Debian and Ubuntu: sudo apt install libgl1 libglib2.0-0, then try again."),
    (r"DLL load failed", ErrorCode.ENVIRONMENT_BROKEN,
     "A package needs a Windows library that is missing.",
     "Install Microsoft's Visual C++ redistributable (x64), then try again."),
    (r"CERTIFICATE_VERIFY_FAILED|SSLError", ErrorCode.DOWNLOAD_FAILED,
     "The secure connection to the package index failed.",
     "Check the date of the computer and the proxy's certificate."),
    (r"ProxyError|Cannot connect to proxy|407 Proxy", ErrorCode.DOWNLOAD_FAILED,
     "The proxy refused the connection.", "Check the proxy settings (the variable HTTPS_PROXY, or pip's own)."),
    (r"NewConnectionError|Temporary failure in name resolution|getaddrinfo failed|ConnectTimeout|ReadTimeout|"
     r"Connection refused|Max retries exceeded", ErrorCode.DOWNLOAD_FAILED,
     "The package index could not be reached.", "Check the network connection, then try again."),
    (r"DOWNLOAD_FAILED|could not be downloaded", ErrorCode.DOWNLOAD_FAILED,
     "The face model could not be downloaded.", "Check the network connection, then try again."),
    (r"No matching distribution found|Could not find a version", ErrorCode.ENVIRONMENT_BROKEN,
     "There is no package for this Python or this computer.",
     "Name a Python 3.11, 3.12 or 3.13 in the preferences, then try again."),
    (r"Permission denied|\[WinError 5\]|Read-only file system", ErrorCode.OUTPUT_NOT_WRITABLE,
     "The extension's folder cannot be written.", "Check its permissions."),
)  # fmt: skip


def advice(step: str, output: str) -> TalkingHeadError:
    """What a failed step's output means to the user."""
    tail = "\n".join(output.splitlines()[-40:])
    for pattern, code, message, hint in _ADVICE:
        if re.search(pattern, output):
            return TalkingHeadError(code, message, hint, Action.SHOW_LOG, tail)
    return TalkingHeadError(
        ErrorCode.ENVIRONMENT_BROKEN,
        f"The set-up failed while {step[0].lower()}{step[1:]}.",
        "The log says why; copy the report when you ask for help.",
        Action.SHOW_LOG,
        tail,
    )


def not_writable(folder: Path, error: OSError) -> TalkingHeadError:
    """The error when files in a folder cannot be made or deleted."""
    return TalkingHeadError(
        ErrorCode.OUTPUT_NOT_WRITABLE,
        f"The folder {folder} cannot be written.",
        "Check its permissions, or whether another program uses it.",
        details=str(error),
    )

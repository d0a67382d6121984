# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the worker's environment, step by step, as a generator that never blocks for long. No bpy here.

Closing the generator cancels: the running program is ended and the half-made folder removed. An environment that
worked before stays in place until the new one works.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..inference.errors import Action, ErrorCode, TalkingHeadError
from ..inference.weights.catalogue import weight_file
from . import environment
from .environment import Interpreter, Places
from .process import inference_command, log_tail, popen_options, rotate_log, scrubbed_environment

NEEDED_BYTES: Mapping[str, int] = {environment.BASE_TIER: 800_000_000}
PROBE_PATIENCE_S = 20.0
_POLL_S = 0.02


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
    """

    places: Places
    tier: str
    interpreters: tuple[Path, ...]
    weights: tuple[str, ...]
    online: bool
    offline_hint: str
    variables: Mapping[str, str]
    weight_folders: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far the set-up is: what it does, in words, and 0 to 1."""

    text: str
    fraction: float


Steps = Generator[Progress, None, None]


def set_up(plan: Plan) -> Steps:
    """Make the environment of a tier and get the weights.

    Raises:
        TalkingHeadError: OFFLINE, DISK_FULL, OUTPUT_NOT_WRITABLE, ENVIRONMENT_BROKEN, DOWNLOAD_FAILED ...; nothing is
            left half made.
    """
    places, tier = plan.places, plan.tier
    yield Progress("Checking the folder", 0.0)
    check_folder(places.user, NEEDED_BYTES[tier])
    rotate_log(places.setup_log)
    wheels_python = environment.bundled_python(places)
    check_online(plan)
    interpreter = yield from _find_interpreter(plan, wheels_python)
    folder = places.environment(tier)
    part = folder.with_name(folder.name + ".part")
    try:
        yield from _make(plan, interpreter, part)
        yield Progress("Finishing", 0.98)
        environment.write_lock(part, places, tier, interpreter)
        _exchange(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    yield Progress("The worker is set up", 1.0)


def remove(places: Places) -> None:
    """Delete every environment, the downloaded weights and what the worker kept; logs stay.

    Raises:
        TalkingHeadError: OUTPUT_NOT_WRITABLE.
    """
    folders = [*places.user.glob("environment-*"), places.weights, places.user / "cache", places.user / "pycache"]
    try:
        for folder in folders:
            if folder.is_dir():
                shutil.rmtree(folder)
    except OSError as error:
        raise _not_writable(places.user, error) from error


def size_bytes(places: Places) -> int:
    """Size of what ``remove`` would delete. Walks the folder: not for drawing."""
    return sum(path.lstat().st_size for path in places.user.rglob("*") if path.is_file() and path.parent.name != "logs")


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
        raise _not_writable(folder, error) from error
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise TalkingHeadError(
            ErrorCode.DISK_FULL,
            f"The disk has {free / 1e6:.0f} MB left; the worker needs {needed_bytes / 1e6:.0f} MB.",
            f"Free some space on the disk of {folder}.",
        )


def check_online(plan: Plan) -> None:
    """Whether what is missing can be had.

    Raises:
        TalkingHeadError: OFFLINE.
    """
    complete = environment.has_bundle(plan.places) and not missing_weights(plan)
    if not plan.online and not complete:
        raise TalkingHeadError(
            ErrorCode.OFFLINE, "The worker's packages must be downloaded, but Blender is offline.", plan.offline_hint
        )


def missing_weights(plan: Plan) -> list[str]:
    """Catalogue names of the weight files that no folder has. The worker verifies their content when it loads them."""
    folders = (*plan.places.weight_folders, *plan.weight_folders)
    return [name for name in plan.weights if not any(_has(folder, name) for folder in folders)]


def _has(folder: Path, name: str) -> bool:
    file = weight_file(name)
    path = folder / file.file_name
    return path.is_file() and path.stat().st_size == file.size


def _find_interpreter(plan: Plan, wheels_python: str | None) -> Generator[Progress, None, Interpreter]:
    objections = []
    for python in plan.interpreters:
        yield Progress(f"Looking at {python.name}", 0.02)
        interpreter = yield from _probe(plan, python)
        reason = environment.objection(interpreter, wheels_python) if interpreter else f"{python} is no Python."
        if interpreter and not reason:
            return interpreter
        objections.append(reason)
    raise environment.no_interpreter_error(objections, wheels_python)


def _probe(plan: Plan, python: Path) -> Generator[Progress, None, Interpreter | None]:
    variables = scrubbed_environment(plan.variables)
    command = environment.probe_command(python)
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables,
            **popen_options(),
        )  # fmt: skip
    except OSError:
        return None
    assert process.stdout
    deadline = time.monotonic() + PROBE_PATIENCE_S
    try:
        while process.poll() is None and time.monotonic() < deadline:
            yield Progress(f"Looking at {python.name}", 0.02)
            time.sleep(_POLL_S)
        return environment.parse_probe(python, process.stdout.read().decode()) if process.poll() == 0 else None
    finally:
        _end(process)
        process.stdout.close()


def _make(plan: Plan, interpreter: Interpreter, part: Path) -> Steps:
    places = plan.places
    requirements = places.requirements(plan.tier)
    shutil.rmtree(part, ignore_errors=True)
    label = f"Making an environment with Python {interpreter.version_text}"
    yield from _step(plan, environment.venv_command(interpreter.path, part), label, 0.05, 0.15)
    python = environment.environment_python(part)
    wheels = places.bundled_wheels if environment.has_bundle(places) else None
    install = environment.pip_command(python, requirements, wheels)
    yield from _step(plan, install, "Installing packages", 0.15, 0.75)
    yield from _step(plan, environment.import_command(python, requirements), "Trying the packages", 0.75, 0.85)
    if names := missing_weights(plan):
        arguments = ("weights", "--folder", str(places.weights), *names)
        command = inference_command(python, places.extension, places.user, arguments)
        yield from _step(plan, list(command), "Getting the face model", 0.85, 0.95)
    command = inference_command(python, places.extension, places.user, ("controls",))
    yield from _step(plan, list(command), "Trying the worker", 0.95, 0.98)


def _step(plan: Plan, command: list[str], text: str, start: float, end: float) -> Steps:
    """Run a program to its end; its output goes to the log, whose last line is shown."""
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
    lines = 0
    try:
        while process.poll() is None:
            lines = _lines_since(log, first_byte)
            yield Progress(_with_last_line(text, log), start + (end - start) * lines / (lines + 10))
            time.sleep(_POLL_S)
    finally:
        _end(process)
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
        return f"{text}: {verb} {Path(match[2]).name}"
    return text


def _end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, 9)
            else:
                process.kill()
        process.wait()


def _exchange(part: Path, folder: Path) -> None:
    """Put a finished environment in the place of the old one."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if folder.exists():
            os.replace(folder, old)
        os.replace(part, folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            os.replace(old, folder)
        raise _not_writable(folder, error) from error
    shutil.rmtree(old, ignore_errors=True)


# Texts that pip, Python and the loader write, and what to tell the user. The first that is found counts.
_ADVICE: tuple[tuple[str, ErrorCode, str, str], ...] = (
    (r"No space left on device|\[WinError 112\]|Disk quota exceeded", ErrorCode.DISK_FULL,
     "The disk is full.", "Free some space, then set up the worker again."),
    (r"\[WinError 225\]", ErrorCode.ENVIRONMENT_BROKEN,
     "A virus scanner blocked the installation.", "Allow Blender's extension folder in the virus scanner."),
    (r"ensurepip is not available|No module named ensurepip", ErrorCode.ENVIRONMENT_BROKEN,
     "This Python cannot make environments: ensurepip is missing.",
     "On Debian and Ubuntu, install the package python3-venv, or name another Python in the preferences."),
    (r"libGL\.so|libglib-2\.0|libgthread|libEGL|libxcb|libSM\.so|libXext", ErrorCode.ENVIRONMENT_BROKEN,
     "OpenCV needs a system library that is missing.",
     "On Debian and Ubuntu: sudo apt install libgl1 libglib2.0-0, then set up the worker again."),
    (r"DLL load failed", ErrorCode.ENVIRONMENT_BROKEN,
     "A package needs a Windows library that is missing.",
     "Install Microsoft's Visual C++ redistributable (x64), then set up the worker again."),
    (r"CERTIFICATE_VERIFY_FAILED|SSLError", ErrorCode.DOWNLOAD_FAILED,
     "The secure connection to the package index failed.",
     "Check the date of the computer and the proxy's certificate."),
    (r"ProxyError|Cannot connect to proxy|407 Proxy", ErrorCode.DOWNLOAD_FAILED,
     "The proxy refused the connection.", "Check the proxy settings (the variable HTTPS_PROXY, or pip's own)."),
    (r"NewConnectionError|Temporary failure in name resolution|getaddrinfo failed|ConnectTimeout|ReadTimeout|"
     r"Connection refused|Max retries exceeded", ErrorCode.DOWNLOAD_FAILED,
     "The package index could not be reached.", "Check the network connection, then set up the worker again."),
    (r"DOWNLOAD_FAILED|could not be downloaded", ErrorCode.DOWNLOAD_FAILED,
     "The face model could not be downloaded.", "Check the network connection, then set up the worker again."),
    (r"No matching distribution found|Could not find a version", ErrorCode.ENVIRONMENT_BROKEN,
     "There is no package for this Python or this computer.",
     "Name a Python 3.11, 3.12 or 3.13 in the preferences, then set up the worker again."),
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


def _not_writable(folder: Path, error: OSError) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.OUTPUT_NOT_WRITABLE,
        f"The folder {folder} cannot be written.",
        "Check its permissions, or whether another program uses it.",
        details=str(error),
    )

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the worker's environment, step by step, as a generator that never blocks for long. No bpy here.

Closing the generator cancels: the running program is ended and the half-made folder removed. An environment that
worked before stays in place until the new one works.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Generator, Mapping
from pathlib import Path

from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.weights.catalogue import weight_file
from ...inference.weights.layouts import is_there
from . import environment, optional_tier
from .environment import Interpreter, Places
from .process import inference_command, popen_options, rotate_log, scrubbed_environment
from .setup_steps import POLL_S, Plan, Progress, Steps, check_folder, end_process, not_writable, run_step

NEEDED_BYTES: Mapping[str, int] = {environment.BASE_TIER: 800_000_000}
PROBE_PATIENCE_S = 20.0


def set_up(plan: Plan) -> Steps:
    """Make the environment of a tier and get the weights; optional tiers that were there are kept.

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
        environment.write_lock(part, places, tier, interpreter)
        warnings = yield from optional_tier.carry_over(plan, folder, part, interpreter, (0.96, 0.98))
        yield Progress("Finishing", 0.98)
        _exchange(part, folder)
    finally:
        environment.remove_tree(part, ignore_errors=True)
    yield Progress("The worker is set up", 1.0, warnings)


def remove(places: Places) -> None:
    """Delete every environment, the downloaded weights and what the worker kept; logs stay.

    Raises:
        TalkingHeadError: OUTPUT_NOT_WRITABLE.
    """
    try:
        for folder in _removable(places):
            environment.remove_tree(folder)
    except OSError as error:
        raise not_writable(places.user, error) from error


def size_bytes(places: Places) -> int:
    """Size of what ``remove`` would delete. Walks the folder: not for drawing."""
    return sum(path.lstat().st_size for folder in _removable(places) for path in folder.rglob("*") if path.is_file())


def _removable(places: Places) -> list[Path]:
    """Folders that can be made again; logs and the user's poses are not among them."""
    folders = [*places.user.glob("environment-*"), places.weights, places.user / "cache", places.user / "pycache"]
    return [folder for folder in folders if folder.is_dir()]


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
    path = folder / file.path
    return is_there(path.is_file) and path.stat().st_size == file.size


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
            time.sleep(POLL_S)
        return environment.parse_probe(python, process.stdout.read().decode()) if process.poll() == 0 else None
    finally:
        end_process(process)
        process.stdout.close()


def _make(plan: Plan, interpreter: Interpreter, part: Path) -> Steps:
    places = plan.places
    requirements = places.requirements(plan.tier)
    environment.remove_tree(part, ignore_errors=True)
    label = f"Making an environment with Python {interpreter.version_text}"
    yield from run_step(plan, environment.venv_command(interpreter.path, part), label, 0.05, 0.15)
    python = environment.environment_python(part)
    wheels = places.bundled_wheels if environment.has_bundle(places) else None
    install = environment.pip_command(python, requirements, wheels)
    yield from run_step(plan, install, "Installing packages", 0.15, 0.75)
    yield from run_step(plan, environment.import_command(python, requirements), "Trying the packages", 0.75, 0.85)
    if names := missing_weights(plan):
        arguments = ("weights", "--folder", str(places.weights), *names)
        command = inference_command(python, places.extension, places.user, arguments)
        yield from run_step(plan, list(command), "Getting the face model", 0.85, 0.95)
    command = inference_command(python, places.extension, places.user, ("controls",))
    yield from run_step(plan, list(command), "Trying the worker", 0.95, 0.96)


def _exchange(part: Path, folder: Path) -> None:
    """Put a finished environment in the place of the old one."""
    old = folder.with_name(folder.name + ".old")
    environment.remove_tree(old, ignore_errors=True)
    try:
        if folder.exists():
            os.replace(folder, old)
        os.replace(part, folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            os.replace(old, folder)
        raise not_writable(folder, error) from error
    environment.remove_tree(old, ignore_errors=True)

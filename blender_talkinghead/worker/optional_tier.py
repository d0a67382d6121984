# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Optional packages of the worker, added to its base environment on demand. No bpy here.

Each tier lies in a folder of its own, ``<environment>/optional/<tier>``, which a path file in ``site-packages`` adds to
the environment. So an installation that fails is taken out without a trace, and the base packages stay as they are.
The lock file names the tiers that work, with the hash of their requirements.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...inference.errors import Action, ErrorCode, TalkingHeadError
from . import environment
from .environment import BASE_TIER, Interpreter, Places, State
from .process import rotate_log
from .setup_steps import Plan, Progress, Steps, check_folder, not_writable, run_step


@dataclass(frozen=True)
class OptionalTier:
    """Packages that only some features need. Sizes are those of the present requirements, in MB."""

    name: str
    label: str
    description: str
    download_mb: int
    disk_mb: int


SPEECH = OptionalTier("speech", "English speech timing", "Follows a typed English transcript sound by sound", 29, 40)
OPTIONAL_TIERS: Mapping[str, OptionalTier] = {SPEECH.name: SPEECH}


def state_of(places: Places, tier: str) -> State:
    """Whether an optional tier is in the base environment and fits this version."""
    folder = places.environment(BASE_TIER)
    noted = environment.optional_in_lock(folder).get(tier)
    if noted is None or not _folder(folder, tier).is_dir():
        return State.MISSING
    return State.READY if noted == environment.requirements_hash(places, tier) else State.OUTDATED


def user_command(python: Path, places: Places, tier: str) -> str:
    """What a user types to add a tier to a Python of their own."""
    return f'"{python}" -m pip install --no-deps {" ".join(environment.pinned(places.requirements(tier)))}'


def install(plan: Plan) -> Steps:
    """Add the plan's tier to the base environment, or renew it.

    Raises:
        TalkingHeadError: ENVIRONMENT_BROKEN without a base environment, OFFLINE, DISK_FULL, DOWNLOAD_FAILED ...; the
            tier is then not there, and the base environment is as it was.
    """
    places, tier = plan.places, OPTIONAL_TIERS[plan.tier]
    yield Progress("Checking the folder", 0.0)
    _check_base(places)
    check_folder(places.user, 2_000_000 * tier.disk_mb)
    if not _can_be_had(plan, plan.tier):
        raise TalkingHeadError(
            ErrorCode.OFFLINE, "The packages must be downloaded, but Blender is offline.", plan.offline_hint
        )
    rotate_log(places.setup_log)
    yield from _put_into(plan, tier.name, places.environment(BASE_TIER), (0.05, 1.0))


def carry_over(
    plan: Plan, old: Path, new: Path, interpreter: Interpreter, span: tuple[float, float]
) -> Generator[Progress, None, tuple[str, ...]]:
    """Give a new base environment the optional tiers that the old one has: copied where they fit, else installed again.

    Args:
        interpreter: what the new environment was made with.
        span: fractions of the whole at the beginning and the end.

    Returns:
        Sentences about tiers that are not there any more, which does not keep the base environment from being used.
    """
    warnings = []
    for name in environment.optional_in_lock(old):
        if name not in OPTIONAL_TIERS:
            continue
        try:
            if _fits(plan.places, old, name, interpreter):
                yield from _copy(plan, name, old, new, span)
            elif _can_be_had(plan, name):
                yield from _put_into(plan, name, new, span)
            else:
                raise TalkingHeadError(ErrorCode.OFFLINE, "Blender is offline.")
        except TalkingHeadError as error:
            label = OPTIONAL_TIERS[name].label
            warnings.append(f"{label} must be installed again, which did not work now: {error.message}")
    return tuple(warnings)


def _check_base(places: Places) -> None:
    state = environment.state_of(places)
    if state is not State.READY:
        action = Action.SET_UP_WORKER if state is State.MISSING else Action.REPAIR_WORKER
        raise TalkingHeadError(
            ErrorCode.ENVIRONMENT_BROKEN, "The worker itself is not set up.", "Set it up first.", action
        )


def _can_be_had(plan: Plan, tier: str) -> bool:
    return plan.online or environment.bundles(plan.places, tier)


def _fits(places: Places, old: Path, tier: str, interpreter: Interpreter) -> bool:
    same_python = environment.read_lock(old).get("python") == interpreter.version_text
    noted = environment.optional_in_lock(old).get(tier)
    return same_python and noted == environment.requirements_hash(places, tier) and _folder(old, tier).is_dir()


def _put_into(plan: Plan, tier: str, folder: Path, span: tuple[float, float]) -> Steps:
    python, requirements = environment.environment_python(folder), plan.places.requirements(tier)
    wheels = plan.places.bundled_wheels if environment.bundles(plan.places, tier) else None
    command = environment.pip_target_command(python, requirements, _folder(folder, tier), wheels)
    with _whole_or_nothing(folder, tier):
        tried = span[0] + 0.8 * (span[1] - span[0])
        yield from run_step(plan, command, "Installing packages", span[0], tried)
        yield from _finish(plan, tier, folder, (tried, span[1]))
        # Inside, so that who cancels now has nothing installed either.
        yield Progress(f"{OPTIONAL_TIERS[tier].label} is installed", span[1])


def _copy(plan: Plan, tier: str, old: Path, new: Path, span: tuple[float, float]) -> Steps:
    yield Progress(f"Keeping {OPTIONAL_TIERS[tier].label}", span[0])
    with _whole_or_nothing(new, tier):
        shutil.copytree(_folder(old, tier), _folder(new, tier), symlinks=True)
        yield from _finish(plan, tier, new, span)


def _finish(plan: Plan, tier: str, folder: Path, span: tuple[float, float]) -> Steps:
    """Make the packages known to the environment, try them, note them."""
    path_file = _path_file(folder, tier)
    path_file.write_text(os.path.relpath(_folder(folder, tier), path_file.parent) + "\n", encoding="utf-8")
    command = environment.import_command(environment.environment_python(folder), plan.places.requirements(tier))
    yield from run_step(plan, command, "Trying the packages", *span)
    environment.note_optional(folder, tier, environment.requirements_hash(plan.places, tier))


@contextmanager
def _whole_or_nothing(folder: Path, tier: str) -> Iterator[None]:
    """Take a tier out before it is put in, and again if that fails or is canceled."""
    try:
        _take_out(folder, tier)
        yield
    except OSError as error:
        _take_out(folder, tier)
        raise not_writable(folder, error) from error
    except BaseException:
        _take_out(folder, tier)
        raise


def _take_out(folder: Path, tier: str) -> None:
    environment.note_optional(folder, tier, None)
    _path_file(folder, tier).unlink(missing_ok=True)
    shutil.rmtree(_folder(folder, tier), ignore_errors=True)


def _folder(folder: Path, tier: str) -> Path:
    return folder / "optional" / tier


def _path_file(folder: Path, tier: str) -> Path:
    return site_packages(folder) / f"talkinghead-{tier}.pth"


def site_packages(folder: Path, platform: str = sys.platform) -> Path:
    """Where an environment keeps its packages.

    Raises:
        TalkingHeadError: ENVIRONMENT_BROKEN.
    """
    if platform == "win32":
        return folder / "Lib" / "site-packages"
    found = sorted((folder / "lib").glob("python3*/site-packages"))
    if not found:
        raise TalkingHeadError(
            ErrorCode.ENVIRONMENT_BROKEN, "The worker's environment is incomplete.", "Repair it.", Action.REPAIR_WORKER
        )
    return found[0]

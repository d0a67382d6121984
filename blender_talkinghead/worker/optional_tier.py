# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Optional packages of the worker, added to its base environment on demand. No bpy here.

The tier "neural" has PyTorch, of which there are builds for each kind of graphics card (``torch_builds``); the lock
file of the environment says nothing of that, but a note in the tier's folder does. The tier "diffusion" stands on it.

Each tier lies in a folder of its own, ``<environment>/optional/<tier>``, which a path file in ``site-packages`` adds to
the environment. So an installation that fails is taken out without a trace, and the base packages stay as they are.
The lock file names the tiers that work, with the hash of their requirements.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ...inference.errors import Action, ErrorCode, TalkingHeadError
from . import environment, pip_report, torch_builds
from .environment import BASE_TIER, Interpreter, Places, State
from .process import rotate_log
from .setup_steps import Plan, Progress, Steps, check_folder, not_writable, run_step
from .torch_builds import TorchBuild


@dataclass(frozen=True)
class OptionalTier:
    """Packages that only some features need. Sizes are those of the present requirements, in MB.

    Attributes:
        builds: whether it has PyTorch, so that its sizes are those of the build (``torch_builds``).
        needs: the optional tier that it stands on, "" for none.
    """

    name: str
    label: str
    description: str
    download_mb: int = 0
    disk_mb: int = 0
    builds: bool = False
    needs: str = ""


SPEECH = OptionalTier("speech", "English speech timing", "Follows a typed English transcript sound by sound", 29, 40)
NEURAL = OptionalTier("neural", "PyTorch for neural engines", "Runs LivePortrait", builds=True)
DIFFUSION = OptionalTier(
    "diffusion", "Diffusers for engines that redraw", "Runs HelloMeme and X-Portrait", 45, 300, needs=NEURAL.name
)
# A tier comes after the one that it stands on.
OPTIONAL_TIERS: Mapping[str, OptionalTier] = {tier.name: tier for tier in (SPEECH, NEURAL, DIFFUSION)}
_BUILD_NOTE = "talkinghead-build.txt"
_LINKED_AT_ONCE = 200


def state_of(places: Places, tier: str) -> State:
    """Whether an optional tier is in the base environment and fits this version, and what it stands on as well."""
    folder, needs = places.environment(BASE_TIER), OPTIONAL_TIERS[tier].needs
    below = state_of(places, needs) if needs else State.READY
    if below is not State.READY:
        return below
    noted = environment.optional_in_lock(folder).get(tier)
    if noted is None or not _folder(folder, tier).is_dir():
        return State.MISSING
    return State.READY if noted == environment.requirements_hash(places, tier) else State.OUTDATED


def build_of(places: Places, tier: str) -> str | None:
    """Name of the build of PyTorch that an installed tier has ("" for the package index's own); None without one."""
    try:
        return _build_note(places.environment(BASE_TIER), tier).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def user_command(python: Path, places: Places, tier: str, build: TorchBuild | None = None) -> str:
    """What a user types to add a tier to a Python of their own, with the one that it stands on."""
    tiers = filter(None, (OPTIONAL_TIERS[tier].needs, tier))
    packages = [line for name in tiers for line in environment.pinned(places.requirements(name))]
    if build is None:
        return f'"{python}" -m pip install --no-deps {" ".join(packages)}'
    index = f"--extra-index-url {build.index} " if build.index else ""
    return f'"{python}" -m pip install {index}{" ".join(build.requirements(packages))}'


def install(plan: Plan) -> Steps:
    """Add the plan's tier to the base environment, or renew it.

    Raises:
        TalkingHeadError: ENVIRONMENT_BROKEN without a base environment, OFFLINE, DISK_FULL, DOWNLOAD_FAILED ...; the
            tier is then not there, and the base environment is as it was.
    """
    places, tier = plan.places, OPTIONAL_TIERS[plan.tier]
    yield Progress("Checking the folder", 0.0)
    check_base(places, tier)
    _check_below(places.environment(BASE_TIER), tier)
    check_folder(places.user, _needed_bytes(tier, plan.build))
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
    there = environment.optional_in_lock(old)
    for name in (name for name in OPTIONAL_TIERS if name in there):
        try:
            _check_below(new, OPTIONAL_TIERS[name])
            if _fits(plan.places, old, name, interpreter):
                yield from _copy(plan, name, old, new, span)
            elif _can_be_had(plan, name):
                _check_python(OPTIONAL_TIERS[name], interpreter.version_text)
                yield from _put_into(replace(plan, build=_same_build(old, name)), name, new, span)
            else:
                raise TalkingHeadError(ErrorCode.OFFLINE, "Blender is offline.")
        except TalkingHeadError as error:
            label = OPTIONAL_TIERS[name].label
            warnings.append(f"{label} must be installed again, which did not work now: {error.message}")
    return tuple(warnings)


def _same_build(old: Path, tier: str) -> TorchBuild | None:
    """The build that an environment has of a tier."""
    if not OPTIONAL_TIERS[tier].builds:
        return None
    note = _build_note(old, tier)
    name = note.read_text(encoding="utf-8").strip() if note.is_file() else "cpu"
    return torch_builds.build_named(name, sys.platform, platform.machine())


def _needed_bytes(tier: OptionalTier, build: TorchBuild | None) -> int:
    """Room on the disk while it is installed: what it will take, and the wheels until then."""
    if build is None:
        return 2_000_000 * tier.disk_mb
    return 1_000_000 * (build.disk_mb + 2 * build.download_mb)


def _check_python(tier: OptionalTier, version: str) -> None:
    """Raises TalkingHeadError (ENVIRONMENT_BROKEN) for a Python that PyTorch is not tried with."""
    numbers = [int(part) for part in version.split(".")]
    newest = [int(part) for part in torch_builds.NEWEST_PYTHON.split(".")]
    if tier.builds and numbers > newest:
        raise TalkingHeadError(
            ErrorCode.ENVIRONMENT_BROKEN,
            f"Neural engines need Python {torch_builds.OLDEST_PYTHON} to {torch_builds.NEWEST_PYTHON}, but the "
            f"worker's environment was made with Python {version}.",
            "Name such a Python in the add-on's preferences, under Python for Set-Up, and repair the worker.",
            Action.REPAIR_WORKER,
        )


def check_base(places: Places, tier: OptionalTier) -> None:
    """Raises TalkingHeadError (ENVIRONMENT_BROKEN) where a tier cannot be added: no environment, or a wrong Python."""
    state = environment.state_of(places)
    if state is not State.READY:
        action = Action.SET_UP_WORKER if state is State.MISSING else Action.REPAIR_WORKER
        raise TalkingHeadError(
            ErrorCode.ENVIRONMENT_BROKEN, "The worker itself is not set up.", "Set it up first.", action
        )
    _check_python(tier, str(environment.read_lock(places.environment(BASE_TIER)).get("python")))


def _check_below(folder: Path, tier: OptionalTier) -> None:
    """Raises TalkingHeadError (ENVIRONMENT_BROKEN) where an environment lacks the tier that one stands on."""
    if tier.needs and tier.needs not in environment.optional_in_lock(folder):
        raise TalkingHeadError(
            ErrorCode.ENVIRONMENT_BROKEN,
            f"{tier.label} cannot be used without {OPTIONAL_TIERS[tier.needs].label}.",
            "Install both again.",
            Action.INSTALL_DIFFUSION,
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
    tried = span[0] + 0.8 * (span[1] - span[0])
    with _whole_or_nothing(folder, tier):
        if OPTIONAL_TIERS[tier].needs:
            yield from _put_on_top(plan, tier, folder, wheels, (span[0], tried))
        elif plan.build is None:
            command = environment.pip_target_command(python, requirements, _folder(folder, tier), wheels)
            yield from run_step(plan, command, "Installing packages", span[0], tried)
        else:
            yield from _put_build_into(plan, plan.build, tier, folder, wheels, (span[0], tried))
        yield from _finish(plan, tier, folder, (tried, span[1]))
        # Inside, so that who cancels now has nothing installed either.
        yield Progress(f"{OPTIONAL_TIERS[tier].label} is installed", span[1])


def _put_on_top(plan: Plan, tier: str, folder: Path, wheels: Path | None, span: tuple[float, float]) -> Steps:
    """Install a tier with what it needs and neither the base nor the tier that it stands on has."""
    python, places = environment.environment_python(folder), plan.places
    below = [places.requirements(name) for name in (BASE_TIER, OPTIONAL_TIERS[tier].needs)]
    asked = span[0] + 0.3 * (span[1] - span[0])
    with tempfile.TemporaryDirectory(prefix="th-", dir=places.user, ignore_cleanup_errors=True) as temporary:
        report, packages = Path(temporary) / "report.json", Path(temporary) / "packages.txt"
        command = environment.pip_report_command(python, places.requirements(tier), below, report, wheels)
        yield from run_step(plan, command, "Looking which packages are needed", span[0], asked)
        packages.write_text("\n".join(pip_report.added_packages(report)) + "\n", encoding="utf-8")
        command = environment.pip_target_command(python, packages, _folder(folder, tier), wheels)
        yield from run_step(plan, command, "Installing packages", asked, span[1])


def _put_build_into(
    plan: Plan, build: TorchBuild, tier: str, folder: Path, wheels: Path | None, span: tuple[float, float]
) -> Steps:
    """Install a tier with PyTorch and what that needs; how many bytes have arrived is shown."""
    target, base = _folder(folder, tier), plan.places.requirements(BASE_TIER)
    packages = environment.pinned(plan.places.requirements(tier))
    if wheels is None:
        packages = build.requirements(packages)
    command = environment.pip_build_command(
        environment.environment_python(folder), packages, base, target, build.index, wheels
    )
    # pip keeps wheels in the temporary folder until all are there, which may be a memory disk and far too small. On
    # Windows a folder of the user's would make paths longer than is allowed.
    parent = None if sys.platform == "win32" else plan.places.user
    with tempfile.TemporaryDirectory(prefix="th-", dir=parent, ignore_cleanup_errors=True) as temporary:
        names = ("TMPDIR", "TEMP", "TMP")
        plan = replace(plan, variables={**plan.variables, **dict.fromkeys(names, temporary)})
        measure = partial(_arrived, Path(temporary), build.download_mb)
        yield from run_step(plan, command, "Installing packages", *span, measure)
    _build_note(folder, tier).write_text(build.name + "\n", encoding="utf-8")


def _arrived(temporary: Path, download_mb: int) -> tuple[str, float]:
    """How much pip has downloaded, and how far that is; unpacking is the rest."""
    wheels = sum(_size(path) for path in temporary.rglob("*.whl"))
    share = wheels / (1e6 * download_mb)
    words = f", {wheels / 1e6:.0f} of about {download_mb} MB" if wheels else ""
    return words, min(0.75, 0.75 * share)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # taken away meanwhile
        return 0


def _copy(plan: Plan, tier: str, old: Path, new: Path, span: tuple[float, float]) -> Steps:
    text = f"Keeping {OPTIONAL_TIERS[tier].label}"
    yield Progress(text, span[0])
    with _whole_or_nothing(new, tier):
        for _ in _link_tree(_folder(old, tier), _folder(new, tier)):
            yield Progress(text, span[0])
        yield from _finish(plan, tier, new, span)


def _link_tree(source: Path, target: Path) -> Iterator[None]:
    """Give a folder's files a second name in another folder, or copy them where the disk cannot; pauses now and then.

    The packages are many and large, and nobody changes them in place.
    """
    source, target = environment.unlimited(source), environment.unlimited(target)
    for number, path in enumerate(sorted(source.rglob("*"))):
        place = target / path.relative_to(source)
        if path.is_dir() and not path.is_symlink():
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        _link(path, place)
        if number % _LINKED_AT_ONCE == 0:
            yield


def _link(path: Path, place: Path) -> None:
    try:
        if not path.is_symlink():
            os.link(path, place)
            return
    except OSError:
        pass
    shutil.copy2(path, place, follow_symlinks=False)


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
    environment.remove_tree(_folder(folder, tier), ignore_errors=True)


def _folder(folder: Path, tier: str) -> Path:
    return folder / "optional" / tier


def _build_note(folder: Path, tier: str) -> Path:
    return _folder(folder, tier) / _BUILD_NOTE


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

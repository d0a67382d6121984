# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's Python environment: where it is, whether it is complete, the command lines that make it. No bpy here.

A tier is a requirements file (``inference/requirements/<tier>.txt``); its environment is complete when its lock file
carries the hash of that file. An environment is made beside its final place and moved there when it works.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePath

from ...inference.errors import Action, ErrorCode, TalkingHeadError

BASE_TIER = "base"
OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)
# Newest first that all wheels of the base tier have been tried with.
_PATH_NAMES = ("python3.13", "python3.12", "python3.11", "python3.14", "python3", "python")
_LOCK = "talkinghead.lock.json"
_PROBE = (
    "import importlib.util as u, json, platform, struct, sys; print(json.dumps({"
    "'version': list(sys.version_info[:2]), 'implementation': platform.python_implementation(), "
    "'bits': struct.calcsize('P') * 8, 'venv': u.find_spec('venv') is not None, "
    "'ensurepip': u.find_spec('ensurepip') is not None}))"
)


class State(str, Enum):
    """Whether a worker can be started."""

    READY = "ready"
    MISSING = "missing"
    OUTDATED = "outdated"


@dataclass(frozen=True)
class Places:
    """Folders: ``extension`` is where the add-on is installed (may be read-only), ``user`` is writable."""

    extension: Path
    user: Path

    def requirements(self, tier: str) -> Path:
        """The pinned requirements of a tier."""
        return self.extension / "inference" / "requirements" / f"{tier}.txt"

    def environment(self, tier: str) -> Path:
        """The finished environment of a tier."""
        return self.user / f"environment-{tier}"

    @property
    def weights(self) -> Path:
        """Where downloaded weights are kept."""
        return self.user / "weights"

    @property
    def bundled_weights(self) -> Path:
        """Weights that came with the full package."""
        return self.extension / "bundle" / "weights"

    @property
    def bundled_wheels(self) -> Path:
        """Wheels that came with the full package."""
        return self.extension / "bundle" / "wheels"

    @property
    def weight_folders(self) -> tuple[Path, ...]:
        """Folders to search for weights, the first wins."""
        return (self.weights, self.bundled_weights)

    @property
    def worker_log(self) -> Path:
        """What the worker writes to standard error."""
        return self.user / "logs" / "worker.log"

    @property
    def setup_log(self) -> Path:
        """What the set-up's programs write."""
        return self.user / "logs" / "setup.log"


@dataclass(frozen=True)
class Interpreter:
    """A Python that was run and asked."""

    path: Path
    version: tuple[int, int]
    implementation: str
    bits: int
    has_venv: bool
    has_ensurepip: bool

    @property
    def version_text(self) -> str:
        """Such as "3.11"."""
        return f"{self.version[0]}.{self.version[1]}"


def state_of(places: Places, tier: str = BASE_TIER) -> State:
    """Whether the environment of a tier is there and fits the requirements of this version."""
    folder = places.environment(tier)
    lock = read_lock(folder)
    if not lock or not environment_python(folder).exists():
        return State.MISSING
    return State.READY if lock.get("requirements") == requirements_hash(places, tier) else State.OUTDATED


def requirements_hash(places: Places, tier: str) -> str:
    """sha256 of a tier's requirements, hexadecimal; line ends do not count."""
    lines = places.requirements(tier).read_text(encoding="utf-8").splitlines()
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write_lock(folder: Path, places: Places, tier: str, interpreter: Interpreter) -> None:
    """Mark an environment as complete."""
    lock = {"tier": tier, "requirements": requirements_hash(places, tier), "python": interpreter.version_text}
    (folder / _LOCK).write_text(json.dumps(lock), encoding="utf-8")


def read_lock(folder: Path) -> dict[str, object]:
    """What an environment's lock file says; empty without a usable one."""
    try:
        lock = json.loads((folder / _LOCK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return lock if isinstance(lock, dict) else {}


def optional_in_lock(folder: Path) -> dict[str, str]:
    """Optional tiers of an environment: the hash of the requirements that each was installed from."""
    noted = read_lock(folder).get("optional")
    return {str(tier): str(value) for tier, value in noted.items()} if isinstance(noted, dict) else {}


def note_optional(folder: Path, tier: str, requirements: str | None) -> None:
    """Note in an environment's lock file that an optional tier works, or with None that it is not there."""
    noted = optional_in_lock(folder)
    if noted.get(tier) == requirements:
        return
    noted.pop(tier, None)
    if requirements is not None:
        noted[tier] = requirements
    part = folder / (_LOCK + ".part")
    part.write_text(json.dumps({**read_lock(folder), "optional": noted}), encoding="utf-8")
    os.replace(part, folder / _LOCK)


def unlimited(path: PurePath, platform: str = sys.platform) -> Path:
    r"""An absolute path as Windows takes it at any length; the path itself elsewhere.

    The longest paths of PyTorch's files are near the usual limit of 259 characters, or beyond it. The form:
    ``\\?\C:\folder`` and ``\\?\UNC\server\share`` (Microsoft, "Maximum Path Length Limitation").
    """
    text = str(path)
    if platform != "win32" or text.startswith("\\\\?\\"):
        return Path(text)
    return Path("\\\\?\\UNC" + text[1:] if text.startswith("\\\\") else "\\\\?\\" + text)


def remove_tree(folder: Path, *, ignore_errors: bool = False) -> None:
    """Delete a folder with all that is in it, however long the paths are.

    Raises:
        OSError: it cannot be deleted, unless that is ignored.
    """
    shutil.rmtree(unlimited(folder), ignore_errors=ignore_errors)


def environment_python(folder: Path, platform: str = sys.platform) -> Path:
    """The interpreter inside an environment."""
    return folder / "Scripts" / "python.exe" if platform == "win32" else folder / "bin" / "python"


def candidates(named: str, own: str, search_path: str | None = None) -> tuple[Path, ...]:
    """Interpreters to try, in order: the one the user named and no other; else Blender's own and those on the PATH.

    Args:
        named: path that the user named, or "".
        own: ``sys.executable`` of Blender; left out unless its name says Python, since in some builds it is Blender
            itself, and running that would open a second Blender.
        search_path: instead of the PATH variable.
    """
    if named:
        return (Path(named),)
    found = [Path(own)] if Path(own).name.lower().startswith("python") else []
    for name in _PATH_NAMES:
        path = shutil.which(name, path=search_path)
        # A Windows alias of this folder opens the Microsoft Store instead of Python.
        if path and "WindowsApps" not in path:
            found.append(Path(path))
    return tuple(dict.fromkeys(found))


def probe_command(python: Path) -> list[str]:
    """The command that asks an interpreter what it is."""
    return [str(python), "-I", "-c", _PROBE]


def parse_probe(python: Path, output: str) -> Interpreter | None:
    """What an interpreter answered, or None if it is no Python."""
    try:
        data = json.loads(output)
        return Interpreter(
            python, (data["version"][0], data["version"][1]), data["implementation"], data["bits"], data["venv"],
            data["ensurepip"],
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def objection(interpreter: Interpreter, wheels_python: str | None = None) -> str:
    """Why an environment cannot be made with an interpreter, and what to do; empty if it can.

    Args:
        wheels_python: the version that the bundled wheels are for, or None when packages are downloaded.
    """
    name = f"Python {interpreter.version_text}"
    if interpreter.implementation != "CPython" or interpreter.bits != 64:
        return f"{name} at {interpreter.path} is no 64-bit CPython."
    if not OLDEST_PYTHON <= interpreter.version <= NEWEST_PYTHON:
        low, high = (".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON))
        return f"{name} at {interpreter.path} does not fit: the worker needs {low} to {high}."
    if wheels_python and interpreter.version_text != wheels_python:
        return f"{name} at {interpreter.path} does not fit: this package carries files for Python {wheels_python}."
    parts = " and ".join(
        part for part, has in (("venv", interpreter.has_venv), ("ensurepip", interpreter.has_ensurepip)) if not has
    )
    if parts:
        package = f"python{interpreter.version_text}-venv"
        return f"{name} at {interpreter.path} lacks {parts}: on Debian and Ubuntu, install the package {package}."
    return ""


def no_interpreter_error(objections: Iterable[str], wheels_python: str | None) -> TalkingHeadError:
    """The error when no interpreter fits. The most useful objection comes first."""
    reasons = sorted(set(objections), key=lambda reason: "install the package" not in reason)
    wanted = f"Python {wheels_python}" if wheels_python else "Python 3.11, 3.12 or 3.13"
    return TalkingHeadError(
        ErrorCode.ENVIRONMENT_BROKEN,
        reasons[0] if reasons else "No Python was found for the worker.",
        f"Or name another {wanted} in the add-on's preferences, under Python for Set-Up.",
        Action.NONE,
        "\n".join(reasons),
    )


def venv_command(interpreter: Path, folder: Path) -> list[str]:
    """The command that makes an empty environment."""
    return [str(interpreter), "-I", "-m", "venv", "--clear", str(folder)]


def pip_command(python: Path, requirements: Path, wheels: Path | None = None) -> list[str]:
    """The command that installs a tier, from the network or from a folder of wheels alone."""
    return [*_pip(python), *_found_in(wheels), "--requirement", str(requirements)]


def _pip(python: Path) -> list[str]:
    return [
        str(python), "-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--only-binary=:all:",
        "--progress-bar", "off",
    ]  # fmt: skip


def _found_in(wheels: Path | None, index: str = "") -> list[str]:
    if wheels is not None:
        return ["--no-index", "--find-links", str(wheels)]
    return ["--extra-index-url", index] if index else []


def pip_target_command(python: Path, requirements: Path, target: Path, wheels: Path | None = None) -> list[str]:
    """The command that puts the packages of an optional tier, and nothing that they ask for, into a folder."""
    return [*pip_command(python, requirements, wheels), "--no-deps", "--target", str(target)]


def pip_build_command(
    python: Path, packages: Sequence[str], constraints: Path, target: Path, index: str = "", wheels: Path | None = None
) -> list[str]:
    """The command that puts packages and what they need into a folder.

    Args:
        packages: pinned, such as "torch==2.13.0+cpu".
        constraints: the base tier's requirements, so that no other version of its packages gets into the folder.
        index: address of a wheel index that is searched besides the package index.
        wheels: folder of wheels that is searched instead of both.
    """
    command = [*_pip(python), *_found_in(wheels, index)]
    return [*command, "--constraint", str(constraints), "--target", str(target), *packages]


def pip_report_command(
    python: Path, requirements: Path, constraints: Sequence[Path], report: Path, wheels: Path | None = None
) -> list[str]:
    """The command that writes which packages a tier adds to those that are there (``pip_report``); installs nothing.

    Args:
        constraints: requirements of the tiers that are there, so that none of their packages gets another version.
        report: where it is written.
    """
    limits = [part for path in constraints for part in ("--constraint", str(path))]
    return [*pip_command(python, requirements, wheels), *limits, "--dry-run", "--report", str(report)]


def pinned(requirements: Path) -> list[str]:
    """The lines of a requirements file that name packages."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and line[0] not in "#-"]


def _package(line: str) -> str:
    return re.split(r"[=<>!\[; ]", line, maxsplit=1)[0]


def import_command(python: Path, requirements: Path) -> list[str]:
    """The command that imports what was installed, so that a missing system library shows now."""
    modules = {"opencv-python": "cv2"}
    names = [_package(line) for line in pinned(requirements)]
    return [str(python), "-I", "-c", "import " + ", ".join(modules.get(name, name) for name in names)]


def has_bundle(places: Places) -> bool:
    """Whether the package carries wheels, so that set-up needs no network."""
    return any(places.bundled_wheels.glob("*.whl"))


def bundles(places: Places, tier: str) -> bool:
    """Whether the package carries the wheels of a tier."""
    names = [_package(line).replace("-", "_") for line in pinned(places.requirements(tier))]
    return all(any(places.bundled_wheels.glob(f"{name}-*.whl")) for name in names)


def bundled_python(places: Places) -> str | None:
    """The Python version that the bundled wheels are for, such as "3.11"; None if they do not depend on it."""
    for wheel in sorted(places.bundled_wheels.glob("*.whl")):
        if match := re.search(r"-cp3(\d+)-cp3\d+-", wheel.name):
            return f"3.{match[1]}"
    return None

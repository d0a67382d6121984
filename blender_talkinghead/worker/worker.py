# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker as Blender sees it: which interpreter and folders it gets, and the one client that talks to it."""

import atexit
import os
import platform
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import bpy

from ...inference.engines import ENGINES
from ...inference.errors import Action, ErrorCode, TalkingHeadError
from ..preferences import (
    BASE_PACKAGE,
    PYTHON_VARIABLE,
    card_choice,
    device_choice,
    named_model_folders,
    named_setup_python,
    named_worker_python,
)
from . import environment, graphics, optional_tier, torch_builds
from .client import Client
from .device_info import DeviceInfo
from .environment import BASE_TIER, Places, State
from .process import Launch, inference_command, scrubbed_environment
from .setup_steps import Plan
from .torch_builds import CardChoice, TorchBuild

WEIGHTS_VARIABLE = "TALKINGHEAD_WEIGHTS"
DEVICE_VARIABLE = "TALKINGHEAD_DEVICE"
_client: Client | None = None
_state = State.MISSING
_speech = State.MISSING
_speech_command = ""
_neural = State.MISSING
_neural_command = ""
_neural_build = ""
_diffusion = State.MISSING
_diffusion_command = ""
_device: DeviceInfo | None = None


def places() -> Places:
    """The folders of the extension and of its user data."""
    extension = Path(__file__).resolve().parents[2]
    return Places(extension, Path(bpy.utils.extension_path_user(BASE_PACKAGE)).absolute())


def app_version() -> str:
    """The extension's version, from its manifest."""
    manifest = places().extension / "blender_manifest.toml"
    return str(tomllib.loads(manifest.read_text(encoding="utf-8"))["version"])


def state() -> State:
    """Whether a worker can be started, as of the last ``refresh``; cheap enough for drawing."""
    return _state


def speech_state() -> State:
    """Whether English speech timing is in the add-on's own environment, as of the last ``refresh``."""
    return _speech


def speech_command() -> str:
    """What a user types to add English speech timing to the Python that they named for the worker; "" without one."""
    return _speech_command


def neural_state() -> State:
    """Whether the worker has PyTorch, as of the last ``refresh``; cheap enough for drawing.

    A Python that the user named is asked when it runs, and until then taken to have it.
    """
    return _state_of_named("torch") if is_named() else _neural


def diffusion_state() -> State:
    """Whether the worker has what engines that redraw need, PyTorch included; else as ``neural_state``."""
    return _state_of_named("torch", "diffusers", "transformers") if is_named() else _diffusion


def _state_of_named(*needed: str) -> State:
    """Whether the Python that the user named has packages, as far as it said."""
    greeting = _client.greeting if _client else None
    packages = greeting.get("packages") if greeting else None
    lacks = isinstance(packages, dict) and any(name not in packages for name in needed)
    return State.MISSING if lacks else State.READY


def neural_build() -> str:
    """What the installed PyTorch computes with, for people; "" without one."""
    return _neural_build


def neural_command() -> str:
    """What a user types to add PyTorch to the Python that they named for the worker, or why not; "" without one.

    As of the last ``refresh``; cheap enough for drawing.
    """
    return _neural_command


def diffusion_command() -> str:
    """What a user types to add what engines that redraw need, PyTorch included; else as ``neural_command``."""
    return _diffusion_command


def torch_build(*, at_a_glance: bool = False) -> TorchBuild:
    """The build of PyTorch for this computer's graphics card. Looks for it, which takes up to seconds.

    Args:
        at_a_glance: start no program, so that a dialog shows at once; for old cards it may be another build.

    Raises:
        TalkingHeadError: as ``torch_builds.choose``.
    """
    choice = card_choice()
    find = graphics.cards_at_a_glance if at_a_glance else graphics.cards
    cards = [] if choice is CardChoice.NONE else find()
    return torch_builds.choose(choice, cards, sys.platform, platform.machine())


def refresh() -> State:
    """Look whether a worker can be started."""
    global _state, _speech, _speech_command, _neural, _neural_command, _neural_build, _diffusion, _diffusion_command
    named = named_worker_python()
    if named is not None:
        _state = State.READY if named.is_file() else State.MISSING
    else:
        _state = environment.state_of(places())
    _speech = optional_tier.state_of(places(), optional_tier.SPEECH.name)
    _speech_command = optional_tier.user_command(named, places(), optional_tier.SPEECH.name) if named else ""
    _neural = optional_tier.state_of(places(), optional_tier.NEURAL.name)
    _diffusion = optional_tier.state_of(places(), optional_tier.DIFFUSION.name)
    _neural_command, _diffusion_command = _torch_commands(named) if named else ("", "")
    build = optional_tier.build_of(places(), optional_tier.NEURAL.name)
    _neural_build = "" if build is None else torch_builds.build_named(build, sys.platform, platform.machine()).label
    return _state


def _torch_commands(python: Path) -> tuple[str, str]:
    """The commands that add PyTorch, and what engines that redraw need with it; or why there is none.

    As far as the card is known without starting a program.
    """
    try:
        build = torch_builds.choose(card_choice(), graphics.cards_at_a_glance(), sys.platform, platform.machine())
    except TalkingHeadError as error:
        return str(error), str(error)
    tiers = (optional_tier.NEURAL, optional_tier.DIFFUSION)
    neural, diffusion = (optional_tier.user_command(python, places(), tier.name, build) for tier in tiers)
    return neural, diffusion


def is_named() -> bool:
    """Whether the user named the worker's interpreter, so that there is nothing to set up."""
    return named_worker_python() is not None


def client() -> Client:
    """The one connection to the worker; made on first use, the worker itself with its first request."""
    global _client
    if _client is None:
        _client = Client(launch)
    return _client


def device() -> DeviceInfo | None:
    """What the worker said that neural engines compute on; None before it was asked, and when it was ended."""
    return _device


def note_device(fields: Mapping[str, object]) -> DeviceInfo:
    """Keep the answer to ``devices``."""
    global _device
    chosen = os.environ.get(DEVICE_VARIABLE) or device_choice()
    _device = DeviceInfo.from_fields(fields, chosen=bool(chosen) and chosen != "auto")
    return _device


def running_client() -> Client | None:
    """The connection if a worker runs. Safe in any thread."""
    return _client if _client is not None and _client.running else None


def stop() -> None:
    """End the worker, if one runs."""
    global _client, _device
    if _client is not None:
        _client.stop()
    _client = _device = None


def interpreter() -> Path:
    """The interpreter that runs the worker.

    Raises:
        TalkingHeadError: ENVIRONMENT_BROKEN when there is none, or it does not fit this version of the add-on.
    """
    named = named_worker_python()
    if named is not None:
        if named.is_file():
            return named
        raise TalkingHeadError(
            ErrorCode.ENVIRONMENT_BROKEN,
            f"There is no Python at {named}.",
            f"Correct Worker Python in the add-on's preferences, or the variable {PYTHON_VARIABLE}.",
        )
    if refresh() is State.MISSING:
        raise TalkingHeadError(
            ErrorCode.ENVIRONMENT_BROKEN, "The worker is not set up yet.", "Set it up once.", Action.SET_UP_WORKER
        )
    if _state is State.OUTDATED:
        raise TalkingHeadError(
            ErrorCode.ENVIRONMENT_BROKEN,
            "The worker was set up by another version of Talking Head.",
            "Repair it once.",
            Action.REPAIR_WORKER,
        )
    return environment.environment_python(places().environment(BASE_TIER))


def launch() -> Launch:
    """How to start the worker now.

    Raises:
        TalkingHeadError: as ``interpreter``.
    """
    where = places()
    cache = where.user / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    return Launch(
        command=inference_command(interpreter(), where.extension, where.user, ("worker",)),
        folder=where.user,
        environment=with_device(scrubbed_environment(os.environ), device_choice()),
        log=where.worker_log,
        weights=(*named_weight_folders(), *where.weight_folders),
        cache=cache,
        app_version=app_version(),
    )


def with_device(variables: dict[str, str], device: str) -> dict[str, str]:
    """The worker's environment with the device that the user chose, "" for none; the shell's own choice wins."""
    return variables if not device or variables.get(DEVICE_VARIABLE) else {**variables, DEVICE_VARIABLE: device}


def named_weight_folders() -> tuple[Path, ...]:
    """Folders in TALKINGHEAD_WEIGHTS, separated as in PATH, then those in the preferences."""
    in_variable = (Path(part) for part in os.environ.get(WEIGHTS_VARIABLE, "").split(os.pathsep) if part)
    return (*in_variable, *named_model_folders())


def setup_plan(tier: str = BASE_TIER, *, at_a_glance: bool = False) -> Plan:
    """What setting up a tier, the base or an optional one, has to do on this computer.

    Args:
        at_a_glance: as for ``torch_build``.

    Raises:
        TalkingHeadError: as ``torch_builds.choose``, for a tier with PyTorch.
    """
    optional = optional_tier.OPTIONAL_TIERS.get(tier)
    return Plan(
        places=places(),
        tier=tier,
        interpreters=environment.candidates(named_setup_python(), sys.executable),
        weights=tuple(name for engine in ENGINES.values() if engine.tier == BASE_TIER for name in engine.weights),
        online=bpy.app.online_access,
        offline_hint=offline_hint(full_package=tier == BASE_TIER),
        variables=dict(os.environ),
        weight_folders=named_weight_folders(),
        build=torch_build(at_a_glance=at_a_glance) if optional and optional.builds else None,
    )


def offline_hint(*, full_package: bool = True) -> str:
    """What the user can do about Blender being offline; ``full_package``: whether that one brings what is missing."""
    instead = ", or install the full package." if full_package else "."
    names = ("online_access_override", "online_access_overriden")  # the spelling differs between versions
    if any(getattr(bpy.app, name, False) for name in names):
        return f"Blender was started offline: start it without --offline-mode{instead}"
    return f"Turn on Preferences > System > Allow Online Access{instead}"


def register() -> None:
    """Look at the environment; end the worker with Blender."""
    atexit.register(stop)
    refresh()


def unregister() -> None:
    """End the worker."""
    atexit.unregister(stop)
    stop()

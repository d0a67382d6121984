# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker as Blender sees it: which interpreter and folders it gets, and the one client that talks to it."""

import atexit
import os
import tomllib
from pathlib import Path

import bpy

from ...inference.engines import ENGINES
from ...inference.errors import Action, ErrorCode, TalkingHeadError
from ..preferences import BASE_PACKAGE, PYTHON_VARIABLE, named_setup_python, named_worker_python
from . import environment, optional_tier
from .client import Client
from .environment import BASE_TIER, Places, State
from .process import Launch, inference_command, scrubbed_environment
from .setup_steps import Plan

WEIGHTS_VARIABLE = "TALKINGHEAD_WEIGHTS"
_client: Client | None = None
_state = State.MISSING
_speech = State.MISSING
_speech_command = ""


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


def refresh() -> State:
    """Look whether a worker can be started."""
    global _state, _speech, _speech_command
    named = named_worker_python()
    if named is not None:
        _state = State.READY if named.is_file() else State.MISSING
    else:
        _state = environment.state_of(places())
    _speech = optional_tier.state_of(places(), optional_tier.SPEECH.name)
    _speech_command = optional_tier.user_command(named, places(), optional_tier.SPEECH.name) if named else ""
    return _state


def is_named() -> bool:
    """Whether the user named the worker's interpreter, so that there is nothing to set up."""
    return named_worker_python() is not None


def client() -> Client:
    """The one connection to the worker; made on first use, the worker itself with its first request."""
    global _client
    if _client is None:
        _client = Client(launch)
    return _client


def stop() -> None:
    """End the worker, if one runs."""
    global _client
    if _client is not None:
        _client.stop()
    _client = None


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
        environment=scrubbed_environment(os.environ),
        log=where.worker_log,
        weights=(*named_weight_folders(), *where.weight_folders),
        cache=cache,
        app_version=app_version(),
    )


def named_weight_folders() -> tuple[Path, ...]:
    """Folders in TALKINGHEAD_WEIGHTS, separated as in PATH."""
    return tuple(Path(part) for part in os.environ.get(WEIGHTS_VARIABLE, "").split(os.pathsep) if part)


def setup_plan(tier: str = BASE_TIER) -> Plan:
    """What setting up a tier, the base or an optional one, has to do on this computer."""
    import sys

    return Plan(
        places=places(),
        tier=tier,
        interpreters=environment.candidates(named_setup_python(), sys.executable),
        weights=tuple(name for engine in ENGINES.values() if engine.tier == BASE_TIER for name in engine.weights),
        online=bpy.app.online_access,
        offline_hint=offline_hint(full_package=tier == BASE_TIER),
        variables=dict(os.environ),
        weight_folders=named_weight_folders(),
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

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``blender -b edit.blend --command talkinghead ...``: rendering and setting up without a window."""

import argparse
import functools
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import bpy

from ...inference.engines import ENGINES
from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.weights.catalogue import SETS
from .. import compat, consent, properties
from ..worker import models_job, setup_job
from . import jobs, service
from .runner import JobState, Phase

NAME = "talkinghead"
SPEAKER = "Talking Head"
DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
_STEP = 0.1
_EPILOG = """\
examples:
  blender -b edit.blend --command talkinghead render
  blender -b edit.blend --command talkinghead render --strip Bob --frames 1-250
  blender -b edit.blend --command talkinghead render --i-have-the-rights --save
  blender -b edit.blend --command talkinghead render --strip Bob --engine hellomeme --first-section
  blender -b --command talkinghead setup --yes
  blender -b --command talkinghead models liveportrait_human --yes

Frames go to the folder that the file names, and only those that changed are computed.
Exit codes: 0 done, 1 failed, 2 wrong usage.
"""


def main(argv: Sequence[str]) -> int:
    """Run a command.

    Args:
        argv: what follows ``talkinghead``.

    Returns:
        Exit code: 0 done, 1 failed with a sentence on standard error, 2 wrong usage.
    """
    try:
        options = build_parser().parse_args(list(argv))
    except SystemExit as exit_:  # argparse has said why
        return int(exit_.code or 0)
    try:
        return options.command(options)
    except TalkingHeadError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return FAILED
    except KeyboardInterrupt:
        print("interrupted; finished frames are kept", file=sys.stderr, flush=True)
        return INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    """The parser; each command sets ``command`` to the function that runs it."""
    parser = argparse.ArgumentParser(
        prog=NAME, description="Talking Head in background: render animated portraits of the open file, or set up.",
        epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_render(commands)
    text = "make the worker's Python environment"
    setup = commands.add_parser("setup", help=text, description=text[0].upper() + text[1:] + ".")
    setup.add_argument("--yes", action="store_true", help="agree to what is downloaded; without it, it is only listed")
    setup.set_defaults(command=_setup)
    text = "get the models of an engine"
    models = commands.add_parser("models", help=text, description=text[0].upper() + text[1:] + ".")
    models.add_argument("set", choices=tuple(SETS), help="which models")
    models.add_argument("--yes", action="store_true", help="agree to what is downloaded; without it, it is only listed")
    models.set_defaults(command=_models)
    return parser


def _add_render(commands: Any) -> None:
    text = "render the frames of animated strips"
    render = commands.add_parser("render", help=text, description=text[0].upper() + text[1:] + ".")
    render.add_argument(
        "--strip", action="append", default=[], metavar="NAME", help="a strip; may be repeated (default: all animated)"
    )
    render.add_argument("--scene", metavar="NAME", help="scene of the strips (default: the file's current one)")
    which = render.add_mutually_exclusive_group()
    which.add_argument("--frames", type=_frames, metavar="A-B", help="timeline frames to compute, or a single one")
    which.add_argument("--range", choices=("strip", "preview", "scene"), help="range (default: the scene's setting)")
    render.add_argument(
        "--first-section", action="store_true", help="only what the first section of a film has (HelloMeme, X-Portrait)"
    )
    render.add_argument("--engine", choices=tuple(ENGINES), help="engine to use (default: the strip's)")
    render.add_argument("--save", action="store_true", help="save the .blend file with its updated result strips")
    render.add_argument("--quiet", action="store_true", help="print no progress")
    render.add_argument(
        "--i-have-the-rights", action="store_true", dest="consent",
        help=f"confirm that you may animate the people in the pictures (or set {consent.VARIABLE}=1)",
    )  # fmt: skip
    render.set_defaults(command=_render)


def _frames(text: str) -> range:
    match = re.fullmatch(r"(-?\d+)(?:-(-?\d+))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, -1)
    if last < first:
        raise argparse.ArgumentTypeError(f"'{text}' is no range of frames; write it as 1-250")
    return range(first, last + 1)


def _render(options: argparse.Namespace) -> int:
    if options.consent:
        os.environ[consent.VARIABLE] = "1"
    consent.require()
    if options.save and not bpy.data.filepath:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, "The file has no name yet, so --save cannot save it.", "Open a .blend file."
        )
    scene = _scene(options.scene)
    failed = 0
    for strip_name in _shown(scene, _strip_names(scene, options.strip), options):
        try:
            _render_strip(scene.name, strip_name, options)
        except TalkingHeadError as error:
            failed += 1
            print(f"error: {strip_name}: {error}", file=sys.stderr, flush=True)
    if options.save:
        _save()
    else:
        print("Frames are on disk; the .blend file was not saved (--save does that).", flush=True)
    return FAILED if failed else DONE


def _save() -> None:
    try:
        bpy.ops.wm.save_mainfile()
    except RuntimeError as error:
        raise TalkingHeadError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            f"The file {bpy.data.filepath} could not be saved; the frames are on disk.",
            "Allow writing there, or free some space.",
            details=str(error),
        ) from error
    print(f"Saved {bpy.data.filepath}", flush=True)


def _scene(name: str | None) -> Any:
    scene = bpy.data.scenes.get(name) if name else compat.sequencer_scene(bpy.context)
    if scene is None:
        names = ", ".join(f"'{scene.name}'" for scene in bpy.data.scenes)
        raise TalkingHeadError(ErrorCode.INVALID_REQUEST, f"There is no scene '{name}'.", f"There are: {names}.")
    return scene


def _strip_names(scene: Any, wanted: Sequence[str]) -> list[str]:
    animated = [strip.name for strip in compat.all_strips(scene) if strip.th_role == properties.ROLE_SOURCE]
    for name in wanted:
        if compat.strip_named(scene, name) is None:
            known = ", ".join(f"'{strip.name}'" for strip in compat.all_strips(scene)) or "none"
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST,
                f"There is no strip '{name}' in the scene '{scene.name}'.",
                f"Its strips are: {known}.",
            )
    if not wanted and not animated:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"No strip of the scene '{scene.name}' is animated.",
            "Name one with --strip, or press Animate Portrait in the Sequencer first.",
        )
    return list(wanted) or animated


def _shown(scene: Any, names: list[str], options: argparse.Namespace) -> list[str]:
    """The strips that show some of --frames; all of them if they were named or none does, so that an error says so."""
    if options.strip or options.frames is None:
        return names
    first, end = options.frames.start, options.frames.stop
    strips = [strip for name in names if (strip := compat.strip_named(scene, name)) is not None]
    return [strip.name for strip in strips if compat.left(strip) < end and compat.right(strip) > first] or names


def _render_strip(scene_name: str, strip_name: str, options: argparse.Namespace) -> None:
    target = jobs.Target(scene_name, strip_name, properties.RANGE_STRIP)
    scene, strip = jobs.find_scene(target), jobs.find_strip(target)
    if options.engine:
        strip.th_engine = options.engine
    mode = options.range.upper() if options.range else scene.th_range_mode
    # Single frames are computed as part of the whole strip, so that several machines can each take some.
    mode = properties.RANGE_STRIP if options.frames else mode
    target = jobs.Target(scene_name, strip_name, mode, options.frames, first_section=options.first_section)
    show = None if options.quiet else Printer(strip_name).show
    state = service.run_to_end(jobs.RENDER_TITLE, lambda control: jobs.render(target, control), show)
    for warning in state.warnings:
        print(f"warning: {strip_name}: {warning}", file=sys.stderr, flush=True)
    print(f"{strip_name}: {state.text}", flush=True)


def _setup(options: argparse.Namespace) -> int:
    setup_job.check_needed()
    for line in setup_job.announcement():
        print(line, flush=True)
    if not options.yes:
        print("error: Nothing was done. Run it again with --yes to agree.", file=sys.stderr, flush=True)
        return WRONG_USAGE
    state = service.run_to_end(setup_job.TITLE, setup_job.set_up, Printer("setup").show)
    print(state.text, flush=True)
    return DONE


def _models(options: argparse.Namespace) -> int:
    for line in models_job.announcement(options.set):
        print(line, flush=True)
    if not options.yes:
        print("error: Nothing was done. Run it again with --yes to agree.", file=sys.stderr, flush=True)
        return WRONG_USAGE
    job = functools.partial(models_job.get_models, options.set)
    state = service.run_to_end(models_job.TITLE, job, Printer("models", tenths_only=True).show)
    print(state.text, flush=True)
    return DONE


def say(text: str, *, error: bool = False) -> None:
    """Print a sentence among Blender's own lines, by which it is seen whose it is."""
    print(f"{SPEAKER}: {text}", file=sys.stderr if error else sys.stdout, flush=True)


class Printer:
    """Prints a job's progress: each new step, and each tenth of the frames; or nothing but tenths."""

    def __init__(self, name: str, *, tenths_only: bool = False) -> None:
        self._name = name
        self._tenths_only = tenths_only
        self._text = self._work = ""
        self._next = 0.0

    def show(self, state: JobState) -> None:
        """Print a state if it says something new."""
        counts = self._tenths_only or (state.done > 0 and state.phase is Phase.RUNNING)
        if state.phase is Phase.DONE:
            return
        if state.work and state.work != self._work:
            self._work = state.work
            print(f"{self._name}: {state.work}", flush=True)
        if state.text != self._text and not counts:
            self._text, self._next = state.text, 0.0
            print(f"{self._name}: {state.text}", flush=True)
        if counts and state.progress >= self._next:
            self._next = state.progress + _STEP
            print(f"{self._name}: {state.line}", flush=True)


_registered: list[Any] = []


def register() -> None:
    """Add the command to Blender's command line."""
    if hasattr(bpy.utils, "register_cli_command"):
        _registered.append(bpy.utils.register_cli_command(NAME, main))


def unregister() -> None:
    """Take the command away again."""
    while _registered:
        bpy.utils.unregister_cli_command(_registered.pop())

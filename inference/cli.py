# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the worker: ``python -m inference``.

Importing this needs the standard library and numpy only, so that the control table can be printed anywhere.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .cli_render import add_render
from .controls import CONTROLS, Unit
from .engines import ENGINES
from .engines.description import Setting, SettingKind
from .errors import TalkingHeadError

FAILED, CANCELED = 1, 130

_CAPTURE_EXAMPLES = """\
examples:
  capture actor.mp4 --output acting.json
  render --source portrait.png --performance acting.json --output acted.mp4

  capture actor.mp4 --neutral 12 --smoothing 0.8 --rate 24 --output acting.json
  capture frames/ --clip-rate 30000/1001 --output acting.json

The performance holds the actor's head, eyes, brows and mouth as controls over time ('controls' lists them), measured
from the neutral picture, on which the actor's face rests. What was noticed in the clip (a lost face, another shot,
several faces) is told on standard error. The clip is watched once; other options are quick then.
"""

_SPEAK_EXAMPLES = """\
examples:
  speak speech.wav --output speech.json
  render --source portrait.png --performance speech.json --sound speech.wav --output spoken.mp4

  speak interview.mp4 --rate 30000/1001 --seed 3 --blinks 0.5 --output speech.json
  speak speech.wav --transcript "Mama made five maps." --output speech.json
  speak speech.wav --transcript speech.txt --sway 0 --output speech.json

The performance holds the mouth ('controls' lists what moves), blinks and a little motion of the head. Without a
transcript the mouth goes by the sound, in any language. With an English one the lips close on P, B and M; that needs
the package pocketsphinx. The same seed always gives the same blinks and the same motion.
"""

_WORKFLOW_NOTES = """\
Reads what ComfyUI saves (Save, or Export (API)), expression files of AdvancedLivePortrait and motion templates of
LivePortrait. Nothing in a file is run, and no media are opened. The JSON names strips, settings, keys (frame 1 is the
film's first) and, under not_understood, everything that is left out. docs/comfyui.md describes it.
"""


_EDIT_EXAMPLES = """\
examples:
  edit acting.json --mirror --output mirrored.json
  edit acting.json --speed 1.5 --output faster.json
  edit acting.json --rate 30000/1001 --output ntsc.json

--mirror comes first, then --speed, which keeps the frame rate, then --rate, which keeps the duration. Times are exact:
nothing drifts. docs/performance_files.md describes the file.
"""

_WEIGHTS_EXAMPLES = """\
examples:
  weights                                  (the small models that every engine needs)
  weights --list
  weights --set liveportrait_human
  weights --set liveportrait_animal --folder D:/models
  weights --convert ckpts/EDTalk_lip_pose.pt             (writes ckpts/EDTalk_lip_pose.safetensors)

Only what is missing of a set is downloaded. Models that another program has are used where they are: name its folder,
such as ComfyUI's, with --search, or for all commands in the variable TALKINGHEAD_WEIGHTS.
Official files of EDTalk also hold what training left; converted, they are a quarter to a half as large. That of
X-Portrait is a pickle, which could hold a program; converted, it cannot.
"""


def main(arguments: Sequence[str]) -> int:
    """Run a command.

    Returns:
        Exit code: 0 done, 1 failed with a sentence on standard error, 2 wrong usage, 130 interrupted.
    """
    options = build_parser().parse_args(arguments)
    try:
        code: int = options.command(options)
        sys.stdout.flush()
        return code
    except TalkingHeadError as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # Whoever read the output has enough, such as "| head". What is still held would be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        print("canceled; finished frames are kept", file=sys.stderr)
        return CANCELED


def build_parser() -> argparse.ArgumentParser:
    """The parser; each command sets ``command`` to the function that runs it."""
    parser = argparse.ArgumentParser(
        prog="python -m inference", description="Talking Head without Blender: animate portraits, list what there is."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_render(commands)
    _add_capture(commands)
    _add_speak(commands)
    _add_workflow(commands)
    _add_edit(commands)
    simple = {
        "controls": (_controls, "print the table of controls"),
        "engines": (_engines, "print the engines and their settings"),
        "worker": (_worker, "serve Blender on standard input and output"),
    }
    for name, (command, text) in simple.items():
        commands.add_parser(name, help=text, description=_sentence(text)).set_defaults(command=command)
    _add_weights(commands)
    _add_export_onnx(commands)
    return parser


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _add_workflow(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "print what a ComfyUI workflow would become, as JSON"
    workflow = commands.add_parser(
        "workflow", help=text, description=_sentence(text), epilog=_WORKFLOW_NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    workflow.add_argument("file", type=Path, metavar="FILE", help="workflow (.json), pose (.exp) or motion (.pkl)")
    workflow.set_defaults(command=_workflow)


def _workflow(options: argparse.Namespace) -> int:
    from .workflow.workflow_command import run

    return run(options.file)


def _add_capture(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "make a performance of what a face does in a movie"
    capture = commands.add_parser(
        "capture", help=text, description=_sentence(text), epilog=_CAPTURE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    capture.add_argument("clip", type=Path, metavar="CLIP", help="movie, picture, or folder of pictures of an actor")
    capture.add_argument("--output", type=Path, required=True, metavar="FILE", help="performance to write, as JSON")
    capture.add_argument(
        "--rate", metavar="RATE", help="frames a second of the performance, such as 25 or 30000/1001 (default: clip's)"
    )
    capture.add_argument("--clip-rate", metavar="RATE", help="pictures a second of a folder of pictures (default: 25)")
    capture.add_argument(
        "--face",
        type=int,
        default=0,
        metavar="N",
        help="which face of the first picture, 0 is the largest (default: 0)",
    )
    capture.add_argument(
        "--neutral", default="auto", metavar="N|auto",
        help="picture on which the actor's face rests, counted from 1 (default: auto)",
    )  # fmt: skip
    capture.add_argument(
        "--smoothing", type=float, default=0.5, metavar="X", help="from 0 (none) to 1 (strong) (default: 0.5)"
    )
    capture.add_argument("--weights", type=Path, action="append", default=[], metavar="DIR", help="folder of models")
    capture.add_argument(
        "--cache", type=Path, metavar="DIR", help="where to keep what was seen (default: the user's cache folder)"
    )
    capture.set_defaults(command=_capture)


def _capture(options: argparse.Namespace) -> int:
    from .capture.command import capture

    return capture(options)


def _add_speak(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "make a performance of what a voice says in a sound or a movie"
    speak = commands.add_parser(
        "speak", help=text, description=_sentence(text), epilog=_SPEAK_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    speak.add_argument("sound", type=Path, metavar="SOUND", help="sound file, or movie with sound")
    speak.add_argument("--output", type=Path, required=True, metavar="FILE", help="performance to write, as JSON")
    speak.add_argument(
        "--rate", default="25", metavar="RATE", help="frames a second, such as 24 or 30000/1001 (default: 25)"
    )
    speak.add_argument(
        "--transcript", default="", metavar="TEXT|FILE", help="what is said, in English: text, or a text file"
    )
    speak.add_argument("--stream", type=int, default=0, metavar="N", help="which sound of a movie, from 0 (default: 0)")
    speak.add_argument("--strength", dest="mouth", type=float, default=1.0, metavar="X", help="of the mouth, 0 to 2")
    speak.add_argument("--blinks", type=float, default=1.0, metavar="X", help="strength of the blinks, 0 (none) to 2")
    speak.add_argument("--sway", type=float, default=1.0, metavar="X", help="strength of the head's motion, 0 to 2")
    speak.add_argument("--seed", type=int, default=0, metavar="N", help="another number, other blinks and motion")
    speak.add_argument(
        "--cache", type=Path, metavar="DIR", help="where to keep what was heard (default: the user's cache folder)"
    )
    speak.set_defaults(command=_speak)


def _speak(options: argparse.Namespace) -> int:
    from .speech.command import speak

    return speak(options)


def _add_edit(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "mirror, retime or resample a performance"
    edit = commands.add_parser(
        "edit", help=text, description=_sentence(text), epilog=_EDIT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    edit.add_argument("performance", type=Path, metavar="IN", help="performance to read, as JSON")
    edit.add_argument("--output", type=Path, required=True, metavar="OUT", help="performance to write; may be IN")
    edit.add_argument("--mirror", action="store_true", help="exchange left and right")
    edit.add_argument("--speed", metavar="FACTOR", help="times as fast, such as 1.5 or 1/2")
    edit.add_argument("--rate", metavar="RATE", help="frames a second of the result, such as 25 or 30000/1001")
    edit.set_defaults(command=lambda options: _edit(edit, options))


def _edit(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if not options.mirror and options.speed is None and options.rate is None:
        parser.error("nothing to do: give --mirror, --speed or --rate")
    from .motion.edit_command import edit

    return edit(options)


def _add_export_onnx(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "write LivePortrait's networks as ONNX files"
    export = commands.add_parser("export-onnx", help=text, description=_sentence(text))
    export.add_argument("output", type=Path, metavar="DIR", help="folder to write them into; it is made")
    export.add_argument(
        "--set", default="liveportrait_human", choices=("liveportrait_human", "liveportrait_animal"),
        help="models to read (default: liveportrait_human)",
    )  # fmt: skip
    export.add_argument("--weights", type=Path, action="append", default=[], metavar="DIR", help="folder of models")
    export.set_defaults(command=_export_onnx)


def _export_onnx(options: argparse.Namespace) -> int:
    from .engines.liveportrait.onnx_command import export_set

    return export_set(options.set, options.output, options.weights)


def _add_weights(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "download models and verify them, list them, or convert one"
    weights = commands.add_parser(
        "weights", help=text, description=_sentence(text), epilog=_WEIGHTS_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    weights.add_argument(
        "names", nargs="*", metavar="NAME", help="models to get (default: the small ones that every engine needs)"
    )
    weights.add_argument(
        "--set", action="append", default=[], metavar="SET", help="set of models to get; may be repeated"
    )
    weights.add_argument("--list", action="store_true", help="list models, sizes, licences and what is there already")
    weights.add_argument(
        "--convert", type=Path, metavar="FILE",
        help="write what is needed of an official file of EDTalk, Thin-Plate Spline or X-Portrait as safetensors",
    )  # fmt: skip
    weights.add_argument("--output", type=Path, metavar="FILE", help="with --convert (default: beside it, same name)")
    weights.add_argument("--folder", type=Path, help="where to keep them (default: the user's cache folder)")
    weights.add_argument(
        "--search", type=Path, action="append", default=[], metavar="DIR",
        help="folder that may have models already, such as ComfyUI's; may be repeated",
    )  # fmt: skip
    weights.add_argument("--offline", action="store_true", help="use no network: only look and verify")
    weights.add_argument("--json", action="store_true", help="tell progress, errors and paths as lines of JSON")
    weights.set_defaults(command=lambda options: _weights(weights, options))


def _weights(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if options.list and (options.names or options.set or options.json):
        parser.error("--list lists all: leave the names, --set and --json")
    if options.convert and (options.list or options.names or options.set or options.json):
        parser.error("--convert converts one file: leave the names, --list, --set and --json")
    if options.output and not options.convert:
        parser.error("--output needs --convert")
    from .weights.command import weights

    return weights(options)


def _controls(_: argparse.Namespace) -> int:
    rows = [("name", "group", "range", "rest", "unit", "description")]
    for control in CONTROLS:
        unit = "" if control.unit is Unit.AMOUNT else control.unit.value
        limits = f"{control.minimum:g} to {control.maximum:g}"
        rows.append((control.name, control.group.value, limits, f"{control.rest:g}", unit, control.description))
    _print_table(rows)
    return 0


def _engines(_: argparse.Namespace) -> int:
    for engine in ENGINES.values():
        print(f"{engine.name}: {engine.label} {engine.version} ({engine.licence}). {engine.summary}.")
        rows = [(f"  {setting.name}", _values(setting), setting.description) for setting in engine.settings]
        _print_table(rows)
        if engine.stages:
            print("  --stage: " + ", ".join(stage.name for stage in engine.stages))
    return 0


def _values(setting: Setting) -> str:
    values = [choice.value for choice in setting.choices]
    if setting.kind is SettingKind.SWITCH:
        values = ["off", "on"]
    elif setting.kind in (SettingKind.WHOLE, SettingKind.NUMBER):
        values = [f"{setting.minimum:g} to {setting.maximum:g}"]
    default = {True: "on", False: "off"}.get(setting.default, setting.default)  # type: ignore[call-overload]
    return f"{' | '.join(values)} (default: {default})"


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _worker(_: argparse.Namespace) -> int:
    from .worker.server import main as serve

    return serve()

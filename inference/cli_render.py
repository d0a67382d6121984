# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``python -m inference render``. As ``cli``, importing this needs little."""

from __future__ import annotations

import argparse
from pathlib import Path

from .engines import DEFAULT_ENGINE

# Options of render that a saved job answers, and movies that hold sound.
_JOBS_OWN = (
    "output",
    "set",
    "performance",
    "driver",
    "head_driver",
    "expression_driver",
    "speech",
    "rate",
    "face",
    "points",
    "sound",
    "setting",
)
_WITH_SOUND = (".mp4", ".mkv", ".mov")

_RENDER_EXAMPLES = """\
examples:
  render --source portrait.png --set head_yaw=15 --set jaw_open=0.5 --output out.png
  render --source portrait.png --performance speech.json --output frames/
  render --source shot.mov --set mouth_smile=0.5 --setting background=hold --output smile.mp4
  render --source portrait.png --engine liveportrait --driver actor.mp4 --output acted.mp4
  render --source portrait.png --engine edtalk --speech voice.wav --sound voice.wav --output spoken.mp4
  render --source dancer.png --engine tpsmm --setting model=taichi --setting area=body --driver dance.mp4 --output o.mp4
  render --source portrait.png --engine hellomeme --driver actor.mp4 --first-section --output look.mp4
  render --source dancer.png --engine wananimate --driver dance.mp4 --stage pose --output poses/
  render --source shot.mov --engine wananimate --setting mode=replace --setting character=new.png --output replaced.mp4
  render --source portrait.png --engine omniavatar --speech voice.wav --sound voice.wav --output talking.mp4
  render --job frames/0123abcd.job.json --only 0-249      (one machine's part of a farm job)

--speech moves the mouth alone; 'speak' makes a performance with blinks and sway as well.
'controls' lists what --set takes, 'engines' what --setting takes.
"""


def add_render(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    text = "animate a picture or a movie, or render a saved job"
    render = commands.add_parser(
        "render", help=text, description=f"{text.capitalize()}.", epilog=_RENDER_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    what = render.add_mutually_exclusive_group(required=True)
    what.add_argument("--source", type=Path, metavar="FILE", help="picture, movie, or folder of pictures")
    what.add_argument("--job", type=Path, metavar="FILE", help="saved job; its frames are made in its folder")
    render.add_argument("--only", metavar="A-B", help="with --job: these frames only, counted from 0, such as 0-99,120")
    render.add_argument(
        "--first-section", action="store_true",
        help="only what engines that redraw draw first, to look at it before the rest; it is not drawn again",
    )  # fmt: skip
    render.add_argument(
        "--stage", metavar="NAME",
        help="instead of frames: the pictures that the engine makes on the way, such as pose or mask ('engines' lists "
        "them), as 0001.png ... in a folder; corrected ones are given back with --setting pose_pictures=FOLDER",
    )  # fmt: skip
    render.add_argument(
        "--output", type=Path, metavar="PATH",
        help="with --source: a .png or .exr picture, a .mp4 (H.264), .mkv (FFV1) or .mov (ProRes 4444) movie, "
        "or a folder of frames; with --stage: a folder",
    )  # fmt: skip
    render.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a control, on all frames; may be repeated"
    )
    render.add_argument("--performance", type=Path, metavar="FILE", help="controls over time, as JSON")
    _add_drivers(render)
    render.add_argument("--rate", metavar="RATE", help="frames a second, such as 25 or 30000/1001")
    render.add_argument("--face", type=int, default=0, metavar="N", help="which face, 0 is the largest (default: 0)")
    render.add_argument(
        "--points", metavar="JSON", help="14 points of a face no detector finds: JSON text or a file that holds it"
    )
    render.add_argument("--sound", type=Path, metavar="FILE", help="sound to put into an output movie")
    render.add_argument("--engine", default=DEFAULT_ENGINE, help=f"default: {DEFAULT_ENGINE}")
    render.add_argument(
        "--setting", action="append", default=[], metavar="NAME=VALUE", help="a setting of the engine; may be repeated"
    )
    render.add_argument("--weights", type=Path, action="append", default=[], metavar="DIR", help="folder of models")
    render.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="where to keep what was seen in driving clips (default: the user's cache folder)",
    )
    render.set_defaults(command=lambda options: _render(render, options))


def _add_drivers(render: argparse.ArgumentParser) -> None:
    render.add_argument("--driver", type=Path, metavar="CLIP", help="movie or folder of pictures of an actor, or .pkl")
    render.add_argument(
        "--driver-neutral", default="auto", metavar="N|auto",
        help="picture of the driver on which the actor's face rests, counted from 1 (default: auto)",
    )  # fmt: skip
    render.add_argument(
        "--head-driver", type=Path, metavar="CLIP", help="take the head from another clip than --driver"
    )
    render.add_argument(
        "--expression-driver", type=Path, metavar="CLIP", help="take eyes and brows from another clip than --driver"
    )
    render.add_argument(
        "--speech", type=Path, metavar="FILE",
        help="sound or movie whose voice has the mouth; engines that listen hear it themselves",
    )  # fmt: skip


def _render(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if options.source is not None and options.output is None:
        parser.error("--source needs --output")
    if options.stage is not None and (options.output is None or options.output.suffix):
        parser.error("--stage needs a folder as --output")
    own = [name for name in _JOBS_OWN if getattr(options, name) not in (None, [], 0)]
    if options.stage is not None and "output" in own:
        own.remove("output")
    if options.job is not None and own:
        parser.error("a job says all this itself: leave " + ", ".join(f"--{name.replace('_', '-')}" for name in own))
    if options.sound is not None and options.output.suffix.lower() not in _WITH_SOUND:
        parser.error("--sound needs a movie as --output: " + ", ".join(_WITH_SOUND))
    if options.only is not None and options.job is None:
        parser.error("--only needs --job")
    if options.only is not None and options.first_section:
        parser.error("--only and --first-section both name frames: leave one")
    from .worker.render_command import render

    return render(options)

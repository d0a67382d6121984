# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: three edits with two animated portraits, made through the installed extension in headless Blender.

    python -m tools.demo --output build/demo        (in a Python with bpy; ``nox -s demo`` does everything)

``demo.blend`` is keyed by hand; in ``acting.blend`` a clip acts one portrait and a speech moves the other; in
``conversation.blend`` both, cut out over a background, talk to each other.
Needs TALKINGHEAD_ZIP (the extension), TALKINGHEAD_PYTHON (the worker's Python) and TALKINGHEAD_WEIGHTS (the models).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools import demo_acting, demo_conversation, demo_edit, demo_performance, headless_blender, sample_files
from tools.demo_edit import RATE, Rendered, timed

FRAMES = RATE * demo_performance.SECONDS


def make_demo(output: Path, package: Path) -> list[Rendered]:
    """Make all edits, their frames and their films in ``output``, which is emptied first."""
    headless_blender.install(package)
    shutil.rmtree(output, ignore_errors=True)
    media = output / "media"
    media.mkdir(parents=True)
    shutil.copy(sample_files.hopper(), media / "hopper.jpg")
    shutil.copy(sample_files.astronaut(), media / "astronaut.png")
    return [*make_keyed(output), *demo_acting.make_acted(output), *demo_conversation.make_conversation(output)]


def make_keyed(output: Path) -> list[Rendered]:
    """Make ``demo.blend`` and ``demo.mp4``: both portraits keyed by hand."""
    import bpy

    scene = demo_edit.empty_edit(FRAMES)
    demo_edit.write_background(output / "media" / "background.png")
    bpy.ops.wm.save_as_mainfile(filepath=str(output / "demo.blend"))
    hopper, astronaut = demo_edit.add_portraits(scene)
    rendered = [
        animate(scene, hopper, demo_performance.HOPPER),
        animate(scene, astronaut, demo_performance.ASTRONAUT),
    ]
    bpy.ops.wm.save_mainfile()
    demo_edit.render_edit(scene, "demo.mp4")
    bpy.ops.wm.save_mainfile()
    demo_edit.check(output / "demo.blend")
    return rendered


def animate(scene: Any, strip: Any, performance: Mapping[str, Sequence[tuple[float, float]]]) -> Rendered:
    """Animate a portrait as a user does: button, keys on sliders, button."""
    import bpy

    demo_edit.select(scene, strip)
    name = strip.name
    buttons: Any = bpy.ops.talkinghead  # type: ignore[attr-defined]
    opening_s = timed(buttons.animate_portrait)
    strip = scene.sequence_editor.strips_all[name]
    for control, keys in performance.items():
        for second, value in keys:
            setattr(strip, f"th_{control}", value)
            strip.keyframe_insert(f"th_{control}", frame=1 + second * RATE, group="Talking Head")
    return Rendered(name, FRAMES, opening_s, timed(buttons.render_frames))


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; gives back the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="folder for the demo; it is emptied first")
    output = parser.parse_args(argv).output.absolute()
    os.environ["TALKINGHEAD_CONSENT"] = "1"  # both portraits are published, in the public domain, for such use
    with headless_blender.own_user_folder():
        rendered = make_demo(output, Path(os.environ["TALKINGHEAD_ZIP"]).absolute())
        worker = os.environ["TALKINGHEAD_PYTHON"]
        sheet = [worker, "-m", "tools.contact_sheet", "--output", str(output / "contact_sheet.png")]
        subprocess.run(sheet, check=True)
    for entry in rendered:
        sys.stdout.write(f"{entry.line()}\n")
    sys.stdout.write(f"The demo is in {output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

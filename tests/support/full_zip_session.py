# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run as a program: a first session with the full zip, in a Blender of its own and without a network.

    python full_zip_session.py PROJECT ZIP PORTRAIT FOLDER

Sets the worker up from what the zip carries, animates the portrait, renders one frame and prints its path as last line.
"""

import os
import sys
from pathlib import Path

DEAD_PROXY = "http://127.0.0.1:9"


def main(package: Path, portrait: Path, folder: Path) -> None:
    """The session; raises when anything is refused."""
    import bpy

    from tools import headless_blender

    headless_blender.install(package)
    assert not bpy.app.online_access
    assert bpy.ops.talkinghead.set_up_worker() == {"FINISHED"}
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    editor = scene.sequence_editor_create()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_image(name="Portrait", filepath=str(portrait), channel=1, frame_start=1)
    editor.active_strip = strip
    assert bpy.ops.talkinghead.animate_portrait() == {"FINISHED"}
    strip.th_jaw_open = 0.5
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    result = next(entry for entry in strips if entry.th_role == "RESULT")
    print(Path(bpy.path.abspath(result.directory)) / result.elements[0].filename)


if __name__ == "__main__":
    project, *paths = map(Path, sys.argv[1:])
    sys.path.insert(0, str(project))
    for name in ("TALKINGHEAD_PYTHON", "TALKINGHEAD_WEIGHTS"):
        os.environ.pop(name, None)
    os.environ.update(TALKINGHEAD_CONSENT="1", http_proxy=DEAD_PROXY, https_proxy=DEAD_PROXY)
    from tools.headless_blender import own_user_folder

    with own_user_folder():
        main(*paths)

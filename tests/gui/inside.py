# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the Blender under test: does what the test asks for, step by step, on the main thread.

Blender starts this file with ``--python``. It connects to the test (``TALKINGHEAD_GUI_PORT``), reads one request a line
(JSON: the source of a function, its name, its arguments) and answers with what the function returns. A function that is
a generator goes on at each turn of Blender's main loop: after a ``yield`` its events have been handled and drawn.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import bpy

sys.modules["inside"] = sys.modules[__name__]  # for the functions that tests send
MODULE = "bl_ext.user_default.talkinghead"
TURN_S = 0.01
_ROW_PX = 9  # less than half a button's height, so that a scan misses none
_DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
_KEYS = {str(number): name for number, name in enumerate(_DIGITS)} | {" ": "SPACE", ".": "PERIOD", "-": "MINUS"}
_MIDDLE = 0.7  # where buttons are looked for, in parts of the sidebar's width


class Requests:
    """The connection to the test, looked at once a turn."""

    def __init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", int(os.environ["TALKINGHEAD_GUI_PORT"])))
        self.received = b""
        self.running: Iterator[Any] | None = None
        self.send({"token": os.environ["TALKINGHEAD_GUI_TOKEN"], "version": list(bpy.app.version)})

    def turn(self) -> float | None:
        """Go on with what runs, or begin the next request; a Blender timer."""
        try:
            if self.running is None:
                self.begin()
            else:
                next(self.running)
        except StopIteration as end:
            self.answer({"value": end.value})
        except Exception:  # noqa: BLE001 - whatever a test raises is told to it
            self.answer({"error": traceback.format_exc()})
        return TURN_S

    def begin(self) -> None:
        """Read a request if there is one, and start it."""
        line = self.read()
        if line is None:
            return
        request = json.loads(line)
        names = {"__name__": "sent", "bpy": bpy}
        exec(compile(request["source"], f"<{request['name']}>", "exec"), names)
        value = names[request["name"]](*request["arguments"])
        if hasattr(value, "__next__"):
            self.running = value
        else:
            self.answer({"value": value})

    def read(self) -> str | None:
        """The next line, or None; the end of the connection ends Blender."""
        if b"\n" not in self.received and select.select([self.socket], [], [], 0)[0]:
            part = self.socket.recv(65536)
            if not part:
                os._exit(0)
            self.received += part
        if b"\n" not in self.received:
            return None
        line, self.received = self.received.split(b"\n", 1)
        return line.decode()

    def answer(self, message: dict[str, Any]) -> None:
        """Tell how a request ended."""
        self.running = None
        self.send(message)

    def send(self, message: dict[str, Any]) -> None:
        self.socket.sendall(json.dumps(message).encode() + b"\n")


def window() -> Any:
    """The first window."""
    return bpy.context.window_manager.windows[0]


def area(kind: str = "SEQUENCE_EDITOR") -> Any:
    """The largest area of a type."""
    return max((a for a in window().screen.areas if a.type == kind), key=lambda a: a.width * a.height)


def region(kind: str = "UI", of: str = "SEQUENCE_EDITOR") -> Any:
    """A region of an area."""
    return next(r for r in area(of).regions if r.type == kind)


def strips() -> Any:
    """The strips of the scene (``sequences`` in 4.2 and 4.3)."""
    editor = window().scene.sequence_editor
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def strip(name: str) -> Any:
    """A strip of the scene."""
    return strips()[name]


def event(kind: str, value: str, at: tuple[int, int], **more: Any) -> None:
    """One event for the window, position in px from its bottom left corner."""
    window().event_simulate(type=kind, value=value, x=int(at[0]), y=int(at[1]), **more)


def move(at: tuple[int, int]) -> Iterator[None]:
    """Move the pointer there; buttons need two motions to notice it."""
    event("MOUSEMOVE", "NOTHING", (at[0] - 2, at[1]))
    yield
    event("MOUSEMOVE", "NOTHING", at)
    yield


def click(at: tuple[int, int], button: str = "LEFTMOUSE") -> Iterator[None]:
    """Move there and click."""
    yield from move(at)
    event(button, "PRESS", at)
    yield
    event(button, "RELEASE", at)
    yield


def drag(start: tuple[int, int], end: tuple[int, int], steps: int = 8, release: bool = True) -> Iterator[None]:
    """Press at one place, move, and let go at the other."""
    yield from move(start)
    event("LEFTMOUSE", "PRESS", start)
    yield
    for step in range(1, steps + 1):
        event("MOUSEMOVE", "NOTHING", tuple(a + (b - a) * step // steps for a, b in zip(start, end, strict=True)))
        yield
    if release:
        event("LEFTMOUSE", "RELEASE", end)
        yield


def release(at: tuple[int, int]) -> Iterator[None]:
    """Let go of what was dragged."""
    event("LEFTMOUSE", "RELEASE", at)
    yield
    yield


def key(kind: str, at: tuple[int, int], text: str = "", **modifiers: bool) -> Iterator[None]:
    """Press and release a key, as by ``key("Z", at, ctrl=True)``."""
    more = {"unicode": text} if text else {}
    event(kind, "PRESS", at, **more, **modifiers)
    yield
    event(kind, "RELEASE", at, **modifiers)
    yield


def write(text: str, at: tuple[int, int]) -> Iterator[None]:
    """Type letters, digits and spaces."""
    for letter in text:
        yield from key(_KEYS.get(letter, letter.upper()), at, letter)


def enter(text: str, at: tuple[int, int]) -> Iterator[None]:
    """Type a value into the field at this place."""
    yield from move(at)
    yield from key("RET", at)
    yield from key("A", at, ctrl=True)
    yield from write(text, at)
    yield from key("RET", at)


def under_pointer(kind: str = "UI") -> str:
    """What button the pointer is on: ``th_head_yaw``, ``talkinghead.render_frames``, or "".

    Blender knows it where the region is part of the context.
    """
    where = region(kind)
    with bpy.context.temp_override(window=window(), area=area(), region=where):
        if found := getattr(bpy.context, "property", None):
            return str(found[1]).rpartition(".")[2]
        if not bpy.ops.ui.copy_python_command_button.poll():
            return ""
        bpy.ops.ui.copy_python_command_button()
    command = bpy.context.window_manager.clipboard
    return command.removeprefix("bpy.ops.").partition("(")[0]


def scan(wanted: str = "", part: float = _MIDDLE) -> Iterator[None]:
    """Move the pointer down the sidebar at this part of its width; returns {name: [x, y]}, early with ``wanted``."""
    found: dict[str, tuple[int, int]] = {}
    where = region()
    x = int(where.x + where.width * part)
    for y in range(where.y + where.height - 4, where.y + 4, -_ROW_PX):
        event("MOUSEMOVE", "NOTHING", (x, y))
        yield
        name = under_pointer()
        if name and name not in found:
            found[name] = (x, y - 3)
        if wanted and name == wanted:
            break
    return found


def find(wanted: str, part: float = _MIDDLE) -> Iterator[None]:
    """Where a button of the sidebar is, scrolling down to it if need be; None where there is none."""
    yield from scroll("WHEELUPMOUSE", 60)
    for _ in range(4):
        found = yield from scan(wanted, part)
        if wanted in found:
            return found[wanted]
        before = region().view2d.region_to_view(0, 0)
        yield from scroll("WHEELDOWNMOUSE", 12)
        if region().view2d.region_to_view(0, 0) == before:
            return None
    return None


def open_panels(names: list[str]) -> None:
    """Have these panels, such as ``acting``, be open when they are first drawn, and all others of ours closed.

    Nothing in Python opens a panel or tells where its header is, so the classes are registered anew.
    """
    first, package = "TALKINGHEAD_PT_main", f"{MODULE}."
    found = [c for c in bpy.types.Panel.__subclasses__() if c.__module__.startswith(package) and c.__name__ != first]
    ours = sorted((c for c in found if c.is_registered), key=lambda c: getattr(c, "bl_parent_id", first) != first)
    for panel in reversed(ours):
        bpy.utils.unregister_class(panel)
    for panel in ours:
        others = getattr(panel, "bl_options", set()) - {"DEFAULT_CLOSED"}
        panel.bl_options = others if panel.__name__[len("TALKINGHEAD_PT_") :] in names else others | {"DEFAULT_CLOSED"}
        bpy.utils.register_class(panel)


def scroll(wheel: str, notches: int) -> Iterator[None]:
    """Turn the wheel over the sidebar."""
    where = region()
    at = (where.x + where.width // 2, where.y + where.height // 2)
    yield from move(at)
    for _ in range(notches):
        event(wheel, "PRESS", at)
    yield
    yield


def enable() -> None:
    """Enable the installed extension, as the user's preferences do."""
    if bpy.ops.preferences.addon_enable(module=MODULE) != {"FINISHED"}:
        raise RuntimeError("the extension could not be enabled")


def be_quiet() -> None:
    """No splash screen, no animated views, a pointer that stays where it is put, no second file beside a saved one."""
    preferences = bpy.context.preferences
    preferences.view.show_splash, preferences.view.smooth_view = False, 0
    preferences.inputs.use_mouse_continuous = False
    preferences.filepaths.save_version = 0


def start() -> None:
    """Quiet preferences, the extension, the timer."""
    be_quiet()
    enable()
    requests = Requests()
    bpy.app.timers.register(requests.turn, first_interval=1.0, persistent=True)


start()

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender with a window, driven by real events; ``tests/gui/inside.py`` is its other end."""

from __future__ import annotations

import inspect
import json
import os
import secrets
import shutil
import socket
import subprocess
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import window_steps as steps
from virtual_screen import VirtualScreen

WIDTH_PX, HEIGHT_PX = 1600, 1000
START_S, ANSWER_S = 120.0, 120.0
INSIDE = Path(__file__).resolve().parent.parent / "gui" / "inside.py"


def blender() -> str | None:
    """The Blender to test with: TALKINGHEAD_BLENDER, or the one on the PATH."""
    return shutil.which(os.environ.get("TALKINGHEAD_BLENDER") or "blender")


def why_not() -> str:
    """Why no Blender can be shown, or ""."""
    if blender() is None:
        return "there is no Blender: put it on the PATH or name it with TALKINGHEAD_BLENDER"
    if not VirtualScreen.is_there() and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "there is no screen: set DISPLAY or WAYLAND_DISPLAY, or put Xvfb on the PATH"
    missing = [n for n in ("ZIP", "PYTHON", "WEIGHTS") if not os.environ.get(f"TALKINGHEAD_{n}")]
    return f"TALKINGHEAD_{missing[0]} is not set; nox -s gui sets it" if missing else ""


class RealWindow:
    """A running Blender. Its Xvfb is its own where there is one, so that the user's screen is left alone."""

    def __init__(self, folder: Path, shots: Path) -> None:
        """Install the extension, start Blender and wait until it answers.

        Args:
            folder: an empty folder, for Blender's settings and logs.
            shots: where screenshots go.
        """
        self.folder, self.shots, self.log = folder, shots, folder / "blender.log"
        (folder / "screen").mkdir()
        shots.mkdir(parents=True, exist_ok=True)
        self.screen = VirtualScreen(folder / "screen", WIDTH_PX, HEIGHT_PX) if VirtualScreen.is_there() else None
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        token = secrets.token_hex()
        env = self._environment() | {
            "TALKINGHEAD_GUI_PORT": str(listener.getsockname()[1]),
            "TALKINGHEAD_GUI_TOKEN": token,
        }
        install = ["--command", "extension", "install-file", "-r", "user_default", os.environ["TALKINGHEAD_ZIP"]]
        subprocess.run([str(blender()), *install], env=env, check=True, capture_output=True, timeout=START_S)
        place = ["--no-window-focus", "--window-geometry", "0", "0", str(WIDTH_PX), str(HEIGHT_PX)]
        options = ["--factory-startup", "--enable-event-simulate", *place, "--python-exit-code", "3"]
        with self.log.open("wb") as log:
            command = [str(blender()), *options, "--python", str(INSIDE)]
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self._connect(listener, token)

    def _environment(self) -> dict[str, str]:
        settings = {"BLENDER_USER_RESOURCES": str(self.folder / "settings"), "TALKINGHEAD_CONSENT": "1"}
        left_out = {"PYTHONPATH", "WAYLAND_DISPLAY"} if self.screen else {"PYTHONPATH"}
        env = {name: value for name, value in os.environ.items() if name not in left_out} | settings
        if self.screen:
            env |= {"DISPLAY": self.screen.display, "LIBGL_ALWAYS_SOFTWARE": "1"}
        return env

    def _connect(self, listener: socket.socket, token: str) -> None:
        listener.settimeout(0.2)
        end = time.monotonic() + START_S
        while True:
            try:
                self.socket, _ = listener.accept()
                break
            except TimeoutError:
                assert self.process.poll() is None, f"Blender ended while starting: {self.last_lines()}"
                assert time.monotonic() < end, f"Blender did not start: {self.last_lines()}"
        listener.close()
        self.lines = self.socket.makefile("r", encoding="utf-8")
        hello = self._read()
        assert hello["token"] == token, "something else connected"
        self.version = tuple(hello["version"])

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function inside Blender; it is sent as its source, so it sees only its arguments and what it imports.

        Raises:
            RuntimeError: with the traceback of what it raised.
        """
        source = textwrap.dedent(inspect.getsource(function))
        request = {"source": source, "name": function.__name__, "arguments": arguments}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        answer = self._read()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def _read(self) -> dict[str, Any]:
        self.socket.settimeout(ANSWER_S)
        try:
            line = self.lines.readline()
        except TimeoutError as error:
            raise RuntimeError(f"Blender does not answer: {self.last_lines()}") from error
        if not line:
            raise RuntimeError(f"Blender ended: {self.last_lines()}")
        return json.loads(line)

    def do(self, action: str, *arguments: Any, **options: Any) -> Any:
        """One of the actions of ``inside.py``, such as ``do("click", (x, y))``."""

        def act(name, arguments, options):
            import inside  # pyright: ignore[reportMissingImports]

            value = getattr(inside, name)(*arguments, **options)
            return (yield from value) if hasattr(value, "__next__") else value

        return self.call(act, action, arguments, options)

    def find(self, name: str, part: float = 0.7) -> tuple[int, int]:
        """Where a button of the sidebar is, by its property or operator, at a part of the sidebar's width."""
        at = self.do("find", name, part)
        assert at is not None, f"the sidebar has no {name}; see {self.shot('missing')}"
        return tuple(at)

    def press(self, name: str, part: float = 0.7) -> tuple[int, int]:
        """Click a button of the sidebar; where it is."""
        at = self.find(name, part)
        self.do("click", at)
        return at

    def key(self, kind: str, region: str = "WINDOW", **modifiers: bool) -> None:
        """Press a key with the pointer in the middle of a region of the Sequencer."""
        at = self.call(steps.middle, region)
        self.do("move", at)
        self.do("key", kind, at, **modifiers)

    def region(self, kind: str) -> np.ndarray:
        """(H, W, 3) uint8: the pixels of a region of the Sequencer."""
        x, y, width, height = self.call(steps.region_box, kind)
        return self.pixels()[y : y + height, x : x + width]

    def wait(self, question: Callable[..., Any], *arguments: Any, limit_s: float = 120.0) -> Any:
        """Ask until the answer is true; that answer."""
        end = time.monotonic() + limit_s
        while not (answer := self.call(question, *arguments)):
            assert time.monotonic() < end, f"{question.__name__} never came; see {self.shot('never')}"
            time.sleep(0.1)
        return answer

    def shot(self, name: str, at_once: bool = False) -> Path:
        """Save a screenshot as ``<name>.png``.

        Args:
            at_once: do not wait (two seconds at most) until the picture stands still.

        Raises:
            AssertionError: it shows nothing.
        """
        end = time.monotonic() + (0.0 if at_once else 2.0)
        before, picture = None, self.pixels()
        while (before is None or not np.array_equal(before, picture)) and time.monotonic() < end:
            time.sleep(0.2)
            before, picture = picture, self.pixels()
        path = self.shots / f"{name}.png"
        cv2.imwrite(str(path), picture)
        assert picture.std() > 5.0, f"the screenshot shows nothing: {path}"
        return path

    def pixels(self) -> np.ndarray:
        """(H, W, 3) uint8, BGR, origin top left: what is on the screen."""
        if self.screen:
            self.call(_turn)
            return self.screen.pixels()
        path = self.folder / "screen" / "shot.png"
        self.call(_save_screenshot, str(path))
        return cv2.imread(str(path))

    def last_lines(self) -> str:
        """The end of Blender's log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:] if self.log.exists() else "no log"

    def stop(self) -> None:
        """End Blender and its screen."""
        process = getattr(self, "process", None)
        if process and process.poll() is None:
            process.terminate()
            process.wait(20)
        if self.screen:
            self.screen.stop()


def _turn():
    yield
    yield


def _save_screenshot(path):
    import bpy  # pyright: ignore[reportMissingImports]

    bpy.ops.screen.screenshot(filepath=path)

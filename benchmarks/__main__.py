# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m benchmarks [NAME [OPTIONS ...]]``: all benchmarks, or the one named with options of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run each benchmark as a program of its own, so that none warms up another.

    Returns:
        The first exit code that is not 0.
    """
    known = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    if arguments and arguments[0] not in known:
        print(f"error: there is no benchmark '{arguments[0]}'; use one of: {', '.join(known)}", file=sys.stderr)
        return 2
    names, options = (arguments[:1], arguments[1:]) if arguments else (known, [])
    codes = []
    for name in names:
        print(f"== {name} ==", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False).returncode)
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads pickled data without running any of it.

Python's own unpickler imports and calls whatever a file names. This one never imports: it walks the instructions that
``pickletools`` decodes and builds lists, dictionaries, numbers and texts. What a file wants to call must be in a table
of our own functions, which rebuild arrays from checked arguments; everything else is refused by name.

Nothing is allocated that the file does not itself contain: lengths are compared with what is there, memory slots are a
dictionary, and the number of instructions and of bytes read again in nested files is limited.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from ..errors import ErrorCode, TalkingHeadError

MOST_INSTRUCTIONS = 10_000_000
MOST_NESTED_BYTES = 256 * 2**20

Maker = Callable[[tuple[object, ...]], object]


@dataclass(frozen=True)
class Name:
    """A class or function that a file names: only its name."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass
class Record:
    """An object of a class that is not there: its name and what the file stores in it."""

    type: str
    state: dict[str, object] = field(default_factory=dict)


@runtime_checkable
class Buildable(Protocol):
    """What takes a state after it was made."""

    def build(self, state: object) -> None:
        """Take the state.

        Raises:
            ValueError: it does not fit.
        """
        ...


@dataclass
class Budget:
    """What all nested files of one file may still cost."""

    instructions: int = MOST_INSTRUCTIONS
    nested_bytes: int = MOST_NESTED_BYTES

    def instruction(self) -> None:
        """Count one instruction."""
        self.instructions -= 1
        if self.instructions < 0:
            raise refused("it is longer than any motion file")

    def nested(self, size: int) -> None:
        """Count a file inside of the file."""
        self.nested_bytes -= size
        if self.nested_bytes < 0:
            raise refused("it holds more data than any motion file")


@dataclass(frozen=True)
class Allowed:
    """What a file may name.

    Attributes:
        makers: functions of ours in the place of those that the file calls, by full name.
        names: full names that may stand as values, such as types of arrays.
        records: names of classes, without their module, whose objects are read as records.
        persistent: makes what a persistent id stands for; None refuses them.
    """

    makers: Mapping[str, Maker] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    records: frozenset[str] = frozenset()
    persistent: Maker | None = None

    def allows(self, name: Name) -> bool:
        """Whether a file may name this."""
        return str(name) in self.makers or str(name) in self.names or name.name in self.records


def unpickle(stream: io.BytesIO, allowed: Allowed, budget: Budget) -> object:
    """Read one pickle and leave the stream behind it.

    Raises:
        TalkingHeadError: INVALID_REQUEST that says what the file asks for, or that it is damaged.
    """
    machine = _Machine(allowed, budget)
    try:
        for instruction, argument, _ in pickletools.genops(stream):
            budget.instruction()
            machine.run(instruction.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, EOFError, RecursionError) as error:
        raise refused(f"it is damaged ({error or type(error).__name__})") from error
    if len(machine.stack) != 1:
        raise refused("it is damaged (something is left over)")
    return machine.stack[0]


def refused(reason: str) -> TalkingHeadError:
    """The error for a file that is not read."""
    return TalkingHeadError(
        ErrorCode.INVALID_REQUEST,
        f"The file was not read: {reason}.",
        "Nothing in it was run. Choose an expression (.exp) or a motion template (.pkl) that you trust.",
    )


def told(value: object) -> str:
    """A name in a message, and only the kind of anything else.

    A list may hold itself over and over: written out, a few bytes of it would fill the memory.
    """
    return str(value)[:80] if isinstance(value, Name) else type(value).__name__


_MARK = object()
_PLAIN = frozenset(
    (
        "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
        "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "UNICODE", "SHORT_BINUNICODE",
        "BINUNICODE", "BINUNICODE8",
    )
)  # fmt: skip
_CONSTANTS: Mapping[str, object] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class _Machine:
    """The stack and the memory of one pickle."""

    def __init__(self, allowed: Allowed, budget: Budget) -> None:
        self.stack: list[object] = []
        self._memory: dict[int, object] = {}
        self._allowed = allowed
        self._budget = budget

    def run(self, name: str, argument: object) -> None:
        """Run one instruction."""
        if name in _PLAIN:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _TUPLES:
            self._push_tuple(_TUPLES[name])
        elif name not in ("PROTO", "FRAME", "STOP"):
            method = getattr(self, f"_do_{name.lower()}", None)
            if method is None:
                raise refused(f"it holds the instruction {name}, which a motion file has no use for")
            method(argument)

    def _push_tuple(self, count: int) -> None:
        items = tuple(self._pop() for _ in range(count))[::-1]
        self.stack.append(items)

    def _pop(self) -> object:
        item = self.stack.pop()
        if item is _MARK:
            raise ValueError("a mark stands where a value is needed")
        return item

    def _pop_to_mark(self) -> list[object]:
        position = len(self.stack) - 1
        while self.stack[position] is not _MARK:
            position -= 1
            if position < 0:
                raise ValueError("a mark is missing")
        items = self.stack[position + 1 :]
        del self.stack[position:]
        return items

    def _do_mark(self, _: object) -> None:
        self.stack.append(_MARK)

    def _do_pop(self, _: object) -> None:
        self.stack.pop()

    def _do_pop_mark(self, _: object) -> None:
        self._pop_to_mark()

    def _do_dup(self, _: object) -> None:
        item = self._pop()
        self.stack += [item, item]

    def _do_tuple(self, _: object) -> None:
        self.stack.append(tuple(self._pop_to_mark()))

    def _do_empty_list(self, _: object) -> None:
        self.stack.append([])

    def _do_list(self, _: object) -> None:
        self.stack.append(self._pop_to_mark())

    def _do_append(self, _: object) -> None:
        item = self._pop()
        self._top(list).append(item)

    def _do_appends(self, _: object) -> None:
        items = self._pop_to_mark()
        self._top(list).extend(items)

    def _do_empty_dict(self, _: object) -> None:
        self.stack.append({})

    def _do_dict(self, _: object) -> None:
        items = self._pop_to_mark()
        self.stack.append({})
        self._set_items(items)

    def _do_setitem(self, _: object) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _do_setitems(self, _: object) -> None:
        self._set_items(self._pop_to_mark())

    def _set_items(self, items: list[object]) -> None:
        target = self._top(dict)
        if len(items) % 2:
            raise ValueError("a key has no value")
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Nested tuples as keys can take forever to hash.
            if not isinstance(key, (str, int, float, bytes, type(None))):
                raise ValueError("a key is neither a text nor a number")
            target[key] = value

    def _top(self, kind: type) -> Any:
        top = self.stack[-1]
        if type(top) is not kind:
            raise ValueError(f"a {kind.__name__} is missing")
        return top

    def _do_memoize(self, _: object) -> None:
        self._memory[len(self._memory)] = self._last()

    def _do_put(self, argument: object) -> None:
        self._memory[int(str(argument))] = self._last()

    _do_binput = _do_long_binput = _do_put

    def _last(self) -> object:
        if self.stack[-1] is _MARK:
            raise ValueError("a mark stands where a value is needed")
        return self.stack[-1]

    def _do_get(self, argument: object) -> None:
        self.stack.append(self._memory[int(str(argument))])

    _do_binget = _do_long_binget = _do_get

    def _do_global(self, argument: object) -> None:
        module, _, name = str(argument).partition(" ")
        self._push_name(Name(module, name))

    def _do_stack_global(self, _: object) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise ValueError("a name is no text")
        self._push_name(Name(module, name))

    def _push_name(self, name: Name) -> None:
        if not self._allowed.allows(name):
            raise refused(f"it asks for '{told(name)}', which a motion file has no use for")
        self.stack.append(name)

    def _do_reduce(self, _: object) -> None:
        arguments, function = self._pop(), self._pop()
        maker = self._allowed.makers.get(str(function)) if isinstance(function, Name) else None
        if maker is None or not isinstance(arguments, tuple):
            raise refused(f"it wants to call {told(function)}, which a motion file has no use for")
        self.stack.append(maker(arguments))

    def _do_newobj(self, _: object) -> None:
        arguments, name = self._pop(), self._pop()
        if not isinstance(name, Name) or name.name not in self._allowed.records or arguments != ():
            raise refused(f"it wants to make a {told(name)}, which a motion file has no use for")
        self.stack.append(Record(name.name))

    def _do_build(self, _: object) -> None:
        state = self._pop()
        top = self.stack[-1]
        if isinstance(top, Record) and isinstance(state, dict):
            top.state.update({str(key): value for key, value in state.items()})
        elif isinstance(top, Buildable):
            top.build(state)
        else:
            raise refused("it wants to set up an object that a motion file has no use for")

    def _do_binpersid(self, _: object) -> None:
        identity = self._pop()
        if self._allowed.persistent is None or not isinstance(identity, tuple):
            raise refused("it refers to data outside of it")
        self.stack.append(self._allowed.persistent(identity))

# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What computes with a network needs of whoever holds it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn

from ..diffusion.placing import Placing

Told = Callable[[], None]


def silent() -> None:
    """For ``Hold.using`` where nobody waits."""


class Hold(Protocol):
    """A network, wherever it is kept.

    Attributes:
        network: is called only inside of ``using``.
    """

    @property
    def network(self) -> Any:
        """See the attributes."""
        ...

    def using(self, told: Told = silent) -> AbstractContextManager[None]:
        """The network computes as long as the context lasts; there are no gradients.

        Args:
            told: may be called any time while the network computes; may raise to cancel.

        Raises:
            TalkingHeadError: OUT_OF_MEMORY, UNSUPPORTED_INPUT where the device fails; whatever ``told`` raises.
        """
        ...

    def tensor(self, values: np.ndarray | Tensor) -> Tensor:
        """Values where the network computes; floats in the type that it computes in."""
        ...


class Placed:
    """A network that a placing holds.

    Args:
        exact: in 32 bit whatever the placing's precision.
    """

    def __init__(self, network: nn.Module, placing: Placing, exact: bool = False) -> None:
        self._network, self.placing, self._exact = network, placing, exact

    @property
    def network(self) -> Any:
        """Is called only inside of ``using``."""
        return self._network

    def using(self, told: Told = silent) -> AbstractContextManager[None]:
        """See ``Hold.using``; ``told`` is called once, before."""
        told()
        return self.placing.using(self._network, exact=self._exact)

    def tensor(self, values: np.ndarray | Tensor) -> Tensor:
        """See ``Hold.tensor``."""
        return self.placing.tensor(values, exact=self._exact)

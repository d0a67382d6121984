# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thin-plate splines from a driving picture's key points to the source's (Bookstein 1989; TPSMM section 3.1).

With control points c (driving) and targets t (source), five of each, a place p goes to

    theta [p, 1] + sum_j w_j U(|p - c_j|^2),    U(s) = s log(s + 1e-9),

where w and theta solve L [w; theta'] = [t; 0] with L = [[U(|c_i - c_j|^2), (c, 1)], [(c, 1)', 0]] + 0.01 I.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

CONTROL_POINTS = 5
_RIDGE = 0.01
_SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class Splines:
    """Splines of B frames, K each.

    Attributes:
        controls: (B, K, 5, 2), places in the driving picture.
        theta: (B, K, 2, 3), the affine part: two columns linear, one of translation.
        weights: (B, K, 5, 2), of the control points.
    """

    controls: Tensor
    theta: Tensor
    weights: Tensor

    def __call__(self, places: Tensor) -> Tensor:
        """(h, w, 2) places in the driving picture to (B, K, h, w, 2) places in the source."""
        linear = torch.einsum("bkij,hwj->bkhwi", self.theta[..., :2], places)
        moved = linear + self.theta[:, :, None, None, :, 2]
        offsets = places[:, :, None, :] - self.controls[:, :, None, None]
        return moved + torch.einsum("bkhwc,bkci->bkhwi", _radial(offsets.square().sum(-1)), self.weights)

    def to(self, device: torch.device) -> Splines:
        """The same on a device."""
        return Splines(self.controls.to(device), self.theta.to(device), self.weights.to(device))


def splines(source: Tensor, driving: Tensor) -> Splines:
    """Solve for the splines between key points.

    In 64 bit on the CPU: the systems are small, and nearly singular where key points lie close together.

    Args:
        source: (B, 5 K, 2) key points.
        driving: (B, 5 K, 2) key points.

    Returns:
        32 bit floats on the CPU.
    """
    targets, controls = (points.cpu().double().unflatten(1, (-1, CONTROL_POINTS)) for points in (source, driving))
    ones = torch.ones_like(controls[..., :1])
    affine = torch.cat([controls, ones], dim=-1)
    radial = _radial((controls[..., :, None, :] - controls[..., None, :, :]).square().sum(-1))
    corner = radial.new_zeros(*radial.shape[:2], 3, 3)
    system = torch.cat([torch.cat([radial, affine], -1), torch.cat([affine.transpose(-1, -2), corner], -1)], -2)
    system = system + _RIDGE * torch.eye(CONTROL_POINTS + 3, dtype=torch.float64)
    wanted = torch.cat([targets, targets.new_zeros(*targets.shape[:2], 3, 2)], dim=-2)
    solved = torch.linalg.solve(system, wanted).float()
    theta = solved[..., CONTROL_POINTS:, :].transpose(-1, -2)
    return Splines(controls.float(), theta, solved[..., :CONTROL_POINTS, :])


def _radial(squares: Tensor) -> Tensor:
    return squares * torch.log(squares + _SMALLEST)

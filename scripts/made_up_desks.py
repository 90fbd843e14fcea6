"""Desks that a sheet of paper lies on: wood, cloth or plain, bright or dark. In grey."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]  # (H, W), 0 to 255
Random = np.random.Generator

SLANT_DEG = 7  # standard deviation of how far a sheet is turned
TILT = 0.015  # of the width: standard deviation of where the camera sees its corners


def lay_on_desk(page: Pixels, share: float, random: Random) -> Pixels:
    """Show a page as a sheet on some desk, with the shadow that it throws; same shape as before.

    Args:
        page: All of it.
        share: Of the picture's side, that the sheet's side takes; some of it may be cut off.
        random: Where chance comes from.
    """
    height, width = page.shape
    size = np.array((width, height))
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    angle = np.deg2rad(random.normal(0, SLANT_DEG))
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    centre = size * (0.5 + random.uniform(-0.45, 0.45, 2) * (1 - share))
    moved = (corners - size / 2) * share @ turn.T + centre + random.normal(0, TILT, (4, 2)) * width
    to_desk = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    sheet = cv2.warpPerspective(page, to_desk, (width, height), flags=cv2.INTER_AREA)
    is_sheet = cv2.warpPerspective(np.ones_like(page), to_desk, (width, height))
    desk = DESKS[random.integers(len(DESKS))](height, width, random)
    reach_px = random.uniform(4, 14)
    shadow = np.roll(is_sheet, (int(reach_px), int(reach_px)), (0, 1))
    desk *= 1 - 0.45 * cv2.GaussianBlur(shadow, (0, 0), reach_px / 2)
    seen = desk * (1 - is_sheet) + sheet * is_sheet
    return np.asarray(cv2.GaussianBlur(seen, (0, 0), random.uniform(0.4, 1)), np.float32)


def plain(brightness: float) -> Callable[[int, int, Random], Pixels]:
    """Make desks of one colour."""

    def make(height: int, width: int, random: Random) -> Pixels:
        grain = random.normal(0, 2, (height, width))
        return np.asarray(brightness * random.uniform(0.85, 1.1) + grain, np.float32)

    return make


def wooden(brightness: float) -> Callable[[int, int, Random], Pixels]:
    """Make desks whose grain runs across or down, some with gaps between their boards."""

    def make(height: int, width: int, random: Random) -> Pixels:
        grain = np.zeros((height, width), np.float32)
        for streaks in (20, 60, 180):
            coarse = random.normal(0, 1, (max(2, streaks // 20), streaks)).astype(np.float32)
            grain += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        if random.random() < 0.5:
            grain = cv2.resize(np.ascontiguousarray(grain.T), (width, height))
        desk = brightness * random.uniform(0.85, 1.1) * (1 + 0.09 * grain)
        if random.random() < 0.4:
            for top in range(int(random.integers(height // 4)), height, height // 4):
                desk[top : top + 4] *= 0.5
        return np.asarray(desk, np.float32)

    return make


def chequered(height: int, width: int, random: Random) -> Pixels:
    """Make a chequered table-cloth."""
    side_px = int(random.integers(12, 40))
    y, x = np.mgrid[:height, :width]
    is_light = (x // side_px + y // side_px) % 2
    return np.asarray(random.uniform(95, 130) * np.where(is_light, 1.25, 0.75), np.float32)


DESKS = (plain(36), plain(140), plain(212), wooden(65), wooden(168), chequered)

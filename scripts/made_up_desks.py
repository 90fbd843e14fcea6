"""What is around a sheet of paper: desks, pens that lie on it, a phone's shadow. In grey."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]  # (H, W), 0 to 255
Random = np.random.Generator

SLANT_DEG = 7  # standard deviation of how far a sheet is turned
PEN_WIDTH = (0.1, 0.3)  # of the writing's longer side
PEN_LENGTH = 14  # times its width
LEAST_PEN = 0.01  # of the picture shows it
PEN_TIP = 1.6  # times its width
PHONE_WIDTH = (0.25, 0.5)  # of the picture's width, its shadow
FINGER_WIDTH = (0.035, 0.07)  # likewise
BAR_WIDTH = (0.02, 0.06)  # of the picture's width
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


def lay_pen_beside(page: Pixels, ink: NDArray[np.bool_], random: Random) -> Pixels:
    """Show a page with a pen on it and its shadow, somewhere where no ink is; same shape.

    Args:
        page: All of it.
        ink: Where the writing is, (H, W).
        random: Where chance comes from.
    """
    height, width = page.shape
    room = cv2.distanceTransform((~ink).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    longest = max(cv2.boundingRect(ink.view(np.uint8))[2:])
    while True:
        wide = random.uniform(*PEN_WIDTH) * longest
        centre = random.uniform((-0.1 * width, -0.1 * height), (1.1 * width, 1.1 * height))
        along, across = _turn(page.shape, centre, random.uniform(0, 2 * np.pi))
        to_tip = PEN_LENGTH * wide / 2 - along
        half = wide / 2 * np.clip(to_tip / (PEN_TIP * wide), 0.12, 1)
        pen = (np.abs(along) < PEN_LENGTH * wide / 2) & (np.abs(across) < half)
        if pen.mean() > LEAST_PEN and room[pen].min() > 0.8 * wide:
            break
    light = 0.7 + 0.5 * np.cos(np.pi * across / wide - 0.6)  # of something round
    grip = np.where(to_tip < 3 * wide, random.uniform(0.5, 1.4), 1)
    seen = random.uniform(20, 140) * light * grip
    far = int(random.uniform(0.1, 0.35) * wide)
    away = np.array(((1, 0, far), (0, 1, far)), np.float32)
    shadow = cv2.warpAffine(pen.astype(np.float32), away, (width, height))
    shadow = cv2.GaussianBlur(shadow, (0, 0), far / 2 + 1)
    is_pen = cv2.GaussianBlur(pen.astype(np.float32), (0, 0), 1)
    return np.asarray(page * (1 - 0.4 * shadow) * (1 - is_pen) + seen * is_pen, np.float32)


def throw_phone_shadow(page: Pixels, ink: NDArray[np.bool_], random: Random) -> Pixels:
    """Show a page in the hard shadow of a phone and the fingers that hold it; same shape.

    Args:
        page: All of it.
        ink: Where the writing is, (H, W); the phone's end is near it.
        random: Where chance comes from.
    """
    height, width = page.shape
    left, top, ink_width, ink_height = cv2.boundingRect(ink.view(np.uint8))
    end = (left + ink_width / 2, top + ink_height / 2) + random.normal(0, 0.2, 2) * (width, height)
    angle = np.deg2rad(90 * random.integers(4) + random.normal(0, 12))
    along, across = _turn(page.shape, end, angle)
    half = random.uniform(*PHONE_WIDTH) * width / 2
    shadow = ((along > 0) & (np.abs(across) < half)).astype(np.float32)
    finger = random.uniform(*FINGER_WIDTH) * width
    hold = random.uniform(0.2, 0.5) * width
    for side in (-1, 1):
        for number in range(random.integers(0, 4)):
            lower = np.abs(along - hold - 1.3 * number * finger) < finger / 2
            reach = half + finger * random.uniform(0.6, 1.5)
            shadow[lower & (side * across > 0) & (np.abs(across) < reach)] = 1
    shadow = cv2.GaussianBlur(shadow, (0, 0), random.uniform(1, 10))
    return np.asarray(page * (1 - random.uniform(0.3, 0.6) * shadow), np.float32)


def throw_bars_shadow(shape: tuple[int, ...], random: Random) -> Pixels:
    """Shine through blinds, or through a window's bars; return the light, (H, W), 1 at most."""
    centre = np.array(shape[::-1]) * random.uniform(0, 1, 2)
    along, across = _turn(shape, centre, random.uniform(0, np.pi))
    width = random.uniform(*BAR_WIDTH) * shape[1]
    is_blind = random.random() < 0.5
    step = width * (random.uniform(1.8, 3) if is_blind else random.uniform(5, 12))
    shadow = (across % step < width).astype(np.float32)
    if not is_blind:
        shadow[along % step < width] = 1
    shadow = cv2.GaussianBlur(shadow, (0, 0), random.uniform(1, 8))
    return np.asarray(1 - random.uniform(0.3, 0.6) * shadow, np.float32)


def _turn(
    shape: tuple[int, ...], centre: NDArray[np.float64], angle: float
) -> tuple[Pixels, Pixels]:
    """Measure each pixel's place along and across a line through a point."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    y, x = y - np.float32(centre[1]), x - np.float32(centre[0])
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return x * cosine + y * sine, y * cosine - x * sine


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

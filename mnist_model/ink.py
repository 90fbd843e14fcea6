"""Ink apart from paper: evens out the light and tells how strongly each pixel is inked.

All in bytes and at a working size: it is most of what reading a photo costs. The few pixels around
a digit can be looked at again in finer detail (`finer_contrast`).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from mnist_model.decoding import shrink
from mnist_model.histograms import count_pixels, find_strongest, measure_ground
from mnist_model.paper import paper_brightness
from mnist_model.pixels import Pixels, as_pixels

WORKING_SIDE_PX = 640  # longest side; a pen's stroke across a page is still 2 pixels wide
INK_SHARE = 0.3  # of the strongest ink's contrast; below it are rulings and print from behind
_GROUND_SIDE_PX = 64  # of the thumbnail that tells light ink from dark
_GROUND_WINDOW = 0.14  # of the thumbnail's shorter side: standard deviation of the wide mean
_CLEAR = 0.4  # leaning from -1 to 1: nearer to 0, ink may as well be lighter as darker
_FAINTEST_INK = 0.07 * 255  # contrast; below it lie paper grain and compression
_FAINT = 0.25 * 255  # contrast of the strongest ink
_DARK_PAPER = 20  # brightness of 255; below it a photo holds hardly any light
_SHARP_EDGE = 0.06  # of the ink's contrast, from pixel to pixel; blurred ones are below
_NOISE_FACTOR = 5.0  # ink stands out this many standard deviations of the paper
_LOST_IN_GRAIN = 0.65  # of the strokes' mean contrast: more is not grain of paper, but things
_GRAINY = 5  # contrast of bare paper; of clean photos, hardly any has more than 2


@dataclass(frozen=True, eq=False)
class InkMap:
    """A photo as ink only."""

    contrast: Pixels  # (H, W); 0 is paper, towards 255 is full ink
    threshold: float  # above it, a pixel is more than paper's grain
    paper: Pixels  # (H, W), the brightness without ink; of the negative if light on dark
    is_light_on_dark: bool
    level: int  # contrast of the bare paper itself, already taken off
    faintest: float  # what has less contrast is grain, whatever the ink
    is_faint: bool  # no ink, or hardly darker than its paper: a colour may show it better
    is_ambiguous: bool = False  # the ink may be light instead of dark, or dark instead of light

    @property
    def is_dark(self) -> bool:
        """Tell whether even the paper is nearly black."""
        return not self.is_light_on_dark and float(self.paper.mean()) < _DARK_PAPER

    @property
    def is_blurred(self) -> bool:
        """Tell whether no stroke has a sharp edge."""
        across = np.abs(np.diff(self.contrast.astype(np.int16), axis=1))
        strongest = int(self.contrast.max(initial=0))
        return strongest > 0 and int(across.max(initial=0)) <= 1 + _SHARP_EDGE * strongest

    @property
    def is_grainy(self) -> bool:
        """Tell whether the ground is so uneven that strokes may be broken, as in the dark."""
        return self.level > _GRAINY and not is_small(self.contrast.shape)

    @property
    def grain(self) -> float:
        """How uneven the ground is: what is no darker than this has the look of things.

        Returns:
            A mean contrast; 0 if the ground is even, or too little of it is seen to tell.
        """
        if is_small(self.contrast.shape) or self.threshold <= _FAINTEST_INK:
            return 0.0
        return self.threshold / _LOST_IN_GRAIN

    def finer_contrast(self, grey: Pixels, top: int, left: int, height: int, width: int) -> Pixels:
        """Look again at a window, in the pixels of a larger version of the same photo.

        Args:
            grey: The photo's (or any larger or smaller version's) pixels, (H', W').
            top: The window's upper edge in pixels of this map; likewise the others.
            left: See `top`.
            height: See `top`.
            width: See `top`.

        Returns:
            The window's contrast in the finer pixels.
        """
        scale_y = grey.shape[0] / self.paper.shape[0]
        scale_x = grey.shape[1] / self.paper.shape[1]
        rows = slice(round(top * scale_y), max(round((top + height) * scale_y), 1))
        columns = slice(round(left * scale_x), max(round((left + width) * scale_x), 1))
        fine = grey[rows, columns]
        if self.is_light_on_dark:
            fine = _negative(fine)
        paper = self.paper[top : top + height, left : left + width]
        paper = as_pixels(cv2.resize(paper, fine.shape[::-1]))
        contrast = _contrast(fine, paper, is_light_on_dark=self.is_light_on_dark)
        return _take_off(contrast, self.level)


def map_ink(grey: Pixels, *, against_leaning: bool = False) -> InkMap:
    """Tell ink from paper under uneven light, for dark ink on light and light ink on dark.

    Args:
        grey: (H, W), upright, at most about `WORKING_SIDE_PX` long.
        against_leaning: Take the ink for light where it seems dark, and for dark where light.
    """
    leaning = measure_leaning(grey)
    is_light = (leaning > 0) != against_leaning
    smooth = smooth_grain(grey, is_light_on_dark=is_light)
    is_ambiguous = abs(leaning) < _CLEAR
    paper = paper_brightness(smooth)
    return measure_ink(smooth, paper, is_light_on_dark=is_light, is_ambiguous=is_ambiguous)


def smooth_grain(grey: Pixels, *, is_light_on_dark: bool) -> Pixels:
    """Blur grain, and turn light ink dark."""
    # A blur would fill the strokes of a small picture.
    smooth = grey if is_small(grey.shape) else as_pixels(cv2.blur(grey, (3, 3)))
    return _negative(smooth) if is_light_on_dark else smooth


def measure_ink(
    smooth: Pixels, paper: Pixels, *, is_light_on_dark: bool, is_ambiguous: bool = False
) -> InkMap:
    """Measure the ink on a paper that is known.

    Args:
        smooth: (H, W); the negative if light on dark, as `smooth_grain` gives it.
        paper: (H, W), how bright it would be without ink.
        is_light_on_dark: Whether the photo's ink is lighter than its paper.
        is_ambiguous: Whether that is unclear.
    """
    contrast = _contrast(smooth, paper, is_light_on_dark=is_light_on_dark)
    histogram = count_pixels(contrast)
    level, spread = measure_ground(histogram)
    contrast = _take_off(contrast, level)
    faintest = max(_FAINTEST_INK, _NOISE_FACTOR * spread)
    strongest = find_strongest(histogram[level:], faintest)
    return InkMap(
        contrast,
        threshold=max(faintest, INK_SHARE * strongest),
        paper=paper,
        is_light_on_dark=is_light_on_dark,
        level=level,
        faintest=faintest,
        is_faint=strongest < _FAINT,
        is_ambiguous=is_ambiguous,
    )


def is_small(shape: tuple[int, ...]) -> bool:
    """Tell whether a picture, (H, W), is a drawing or cut out of a photo, and no photo."""
    return max(shape) < WORKING_SIDE_PX / 4


def is_light_on_dark(grey: Pixels) -> bool:
    """Tell whether the ink is lighter than its ground, as far as `measure_leaning` can tell."""
    return measure_leaning(grey) > 0


def measure_leaning(grey: Pixels) -> float:
    """Measure whether what is written is lighter than its ground, from -1 (darker) to 1.

    Ink is the minority nearly everywhere, so a wide mean is near to the ground, and what differs
    from it leans to the ink's side. Only what is sharp counts: glare is not. The two sides of a
    shadow's edge lean to both sides and cancel out, except where the edge runs near a corner.
    """
    small = shrink(grey, _GROUND_SIDE_PX).astype(np.float32)
    wide = cv2.GaussianBlur(small, (0, 0), max(1.0, _GROUND_WINDOW * min(small.shape)))
    leaning = (small - wide) * (small - cv2.blur(small, (5, 5))) ** 2
    return float(leaning.sum()) / max(float(np.abs(leaning).sum()), 1.0)


def _contrast(grey: Pixels, paper: Pixels, *, is_light_on_dark: bool) -> Pixels:
    """Measure how much darker than its paper each pixel is, as a share of 255."""
    # On a bright ground little room is left above it; grain must not count as much as ink.
    least = 255 - paper if is_light_on_dark else np.ones_like(paper)
    full = np.maximum(paper, least)  # of two arrays: with a number, NumPy takes ten times as long
    return as_pixels(cv2.divide(cv2.subtract(paper, grey), full, scale=255))


def _take_off(contrast: Pixels, level: int) -> Pixels:
    return as_pixels(cv2.subtract(contrast, np.full_like(contrast, level)))  # down to 0


def _negative(image: Pixels) -> Pixels:
    return as_pixels(cv2.bitwise_not(image))

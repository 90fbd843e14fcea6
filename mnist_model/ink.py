"""Ink apart from paper: evens out the light and tells how strongly each pixel is inked.

All in bytes and at a working size: it is most of what reading a photo costs. The few pixels around
a digit can be looked at again in finer detail (`finer_contrast`).
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_model.decoding import shrink
from mnist_model.lines import label_pieces
from mnist_model.paper import paper_brightness, paper_in_shadows, paper_under_wide_things

WORKING_SIDE_PX = 640  # longest side; a pen's stroke across a page is still 2 pixels wide
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
_SMOOTHINGS_PX = (2, 4)  # standard deviations; the first that leaves no grain will do
_INK_SHARE = 0.3  # of the strongest ink's contrast; below it are rulings and print from behind
_PALER = 0.8  # of the threshold that all ink asks for; above it, strokes are whole
_GRAIN_PX = 5  # gaps so wide in a stroke are of its grain
_BROKEN = 1.02  # times as much ink once these are filled; of whole strokes, it is hardly more
_HEAVY_INK = 0.25  # of the picture: less cannot move the median far
_SHADOW = 0.25  # of the border: what takes more of it is a shadow, or what it leaves in light
_TWO_KINDS = 0.85  # of the variance lies between two kinds of pixels; of grain, 0.64
_TWO_KINDS_OF_INK = 0.65  # the same of what is inked, which has more edges
_STRONGEST_INK = 0.03  # of the inked pixels are as strong as the strongest ink

Pixels = NDArray[np.uint8]


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
        paper = _as_pixels(cv2.resize(paper, fine.shape[::-1]))
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
    smooth = _smooth(grey, is_light_on_dark=is_light)
    is_ambiguous = abs(leaning) < _CLEAR
    paper = paper_brightness(smooth)
    return _measure_ink(smooth, paper, is_light_on_dark=is_light, is_ambiguous=is_ambiguous)


def map_ink_in_grain(grey: Pixels) -> InkMap:
    """Tell ink from paper in a photo that was taken in the dark, or of rough paper.

    Smoothed until the paper is even, strokes are whole, if wider than they were.

    Args:
        grey: As for `map_ink`.
    """
    for deviation_px in _SMOOTHINGS_PX:
        ink = map_ink(_as_pixels(cv2.GaussianBlur(grey, (0, 0), deviation_px)))
        if not ink.is_grainy:
            break
    return ink


def map_shaded_ink(grey: Pixels, *, is_light_on_dark: bool) -> InkMap | None:
    """Tell ink from paper where shadows have corners or narrow parts; None if none has.

    Args:
        grey: As for `map_ink`.
        is_light_on_dark: As that told.
    """
    smooth = _smooth(grey, is_light_on_dark=is_light_on_dark)
    paper = paper_in_shadows(smooth)
    if paper is None:
        return None
    return _measure_ink(smooth, paper, is_light_on_dark=is_light_on_dark)


def map_wide_ink(grey: Pixels, *, is_light_on_dark: bool) -> InkMap:
    """Tell all that is dark from paper, what is wider than any stroke, too, as a thumb.

    Args:
        grey: As for `map_ink`.
        is_light_on_dark: As that told.
    """
    smooth = _smooth(grey, is_light_on_dark=is_light_on_dark)
    paper = paper_under_wide_things(smooth)
    return _measure_ink(smooth, paper, is_light_on_dark=is_light_on_dark)


def map_darkest_ink(grey: Pixels, ink: InkMap) -> InkMap | None:
    """Tell the darkest ink from ink that is lighter, as shadows are.

    Args:
        grey: As for `map_ink`.
        ink: What that told.

    Returns:
        None unless the ink is of two kinds.
    """
    smooth = _smooth(grey, is_light_on_dark=ink.is_light_on_dark)
    inked = smooth[ink.contrast > ink.threshold]  # (N,)
    if inked.size == 0:
        return None
    threshold = _tell_two_kinds(_histogram(inked[:, None]), _TWO_KINDS_OF_INK)
    if threshold is None:
        return None
    lighter = np.full_like(ink.paper, int(np.median(inked[inked > threshold])))
    paper = _as_pixels(cv2.min(ink.paper, lighter))
    return _measure_ink(smooth, paper, is_light_on_dark=ink.is_light_on_dark)


def map_paler_ink(ink: InkMap, is_line: NDArray[np.bool_]) -> InkMap | None:
    """Tell paper from ink beside which something else is darker or larger, as lines or a thumb.

    Args:
        ink: What `map_ink` told, by the darkest ink.
        is_line: (H, W), what of it is of lines.

    Returns:
        By the darkest ink that is not of lines, and without what the picture's edge cuts; None if
            neither makes a difference.
    """
    numbers, _ = label_pieces((ink.contrast > ink.threshold).view(np.uint8))
    cut = _mark(numbers, _list_cut(numbers, is_line))
    others = cut | _mark(numbers, numbers[is_line])
    strongest = _strongest_ink(_histogram(ink.contrast, others == 0), ink.faintest)
    threshold = max(ink.faintest, _INK_SHARE * strongest)
    most_is_cut = 2 * np.count_nonzero(numbers * cut) > np.count_nonzero(numbers)
    if threshold > _PALER * ink.threshold and not most_is_cut:
        return None
    numbers, _ = label_pieces((ink.contrast > threshold).view(np.uint8))
    cut = _mark(numbers, _list_cut(numbers, is_line))  # with its soft shadow
    return replace(ink, contrast=ink.contrast * (1 - cut), threshold=threshold)


def _list_cut(numbers: NDArray[np.int32], is_line: NDArray[np.bool_]) -> NDArray[np.int32]:
    """List the pieces that the picture's edge cuts, but for lines, which are erased elsewhere."""
    edges = np.concatenate((numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]))
    return np.setdiff1d(edges, numbers[is_line])


def _mark(numbers: NDArray[np.int32], chosen: NDArray[np.int32]) -> Pixels:
    """Mark some pieces, and their blur, with 1, (H, W)."""
    is_chosen = np.zeros(int(numbers.max()) + 1, np.bool_)
    is_chosen[chosen] = True
    is_chosen[0] = False  # paper
    return _as_pixels(cv2.dilate(is_chosen[numbers].view(np.uint8), np.ones((7, 7), np.uint8)))


def map_whole_strokes(ink: InkMap) -> InkMap | None:
    """Fill the grain in strokes of crayon and chalk.

    Args:
        ink: What `map_ink` told.

    Returns:
        None if its strokes are whole.
    """
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_GRAIN_PX, _GRAIN_PX))
    contrast = _as_pixels(cv2.morphologyEx(ink.contrast, cv2.MORPH_CLOSE, disc))
    areas = [np.count_nonzero(seen > ink.threshold) for seen in (ink.contrast, contrast)]
    is_whole = is_small(contrast.shape) or areas[1] <= _BROKEN * areas[0]
    return None if is_whole else replace(ink, contrast=contrast)


def map_heavy_ink(grey: Pixels) -> InkMap | None:
    """Tell ink from paper where ink covers much of a picture, as in one cut out around a digit.

    There the ground may be the minority around each pixel, and too little of it lies beside a
    stroke for closings to find. But the border is ground, and all of it is equally bright.

    Returns:
        None unless there are two kinds of pixels, and that which is rarer along the border
            covers much of the picture.
    """
    threshold = _tell_two_kinds(_histogram(grey))
    if threshold is None:
        return None
    is_light = grey > threshold
    border = np.concatenate((is_light[0], is_light[-1], is_light[:, 0], is_light[:, -1]))
    is_light_on_dark = bool(border.mean() < 1 / 2)
    is_ground = is_light != is_light_on_dark
    ink_along_border = min(border.mean(), 1 - border.mean())
    if ink_along_border > _SHADOW or is_ground.mean() > 1 - _HEAVY_INK:
        return None
    smooth = _smooth(grey, is_light_on_dark=is_light_on_dark)
    paper = np.full_like(smooth, int(np.median(smooth[is_ground])))
    return _measure_ink(smooth, paper, is_light_on_dark=is_light_on_dark)


def _smooth(grey: Pixels, *, is_light_on_dark: bool) -> Pixels:
    """Blur grain, and turn light ink dark."""
    # A blur would fill the strokes of a small picture.
    smooth = grey if is_small(grey.shape) else _as_pixels(cv2.blur(grey, (3, 3)))
    return _negative(smooth) if is_light_on_dark else smooth


def _measure_ink(
    smooth: Pixels, paper: Pixels, *, is_light_on_dark: bool, is_ambiguous: bool = False
) -> InkMap:
    contrast = _contrast(smooth, paper, is_light_on_dark=is_light_on_dark)
    histogram = _histogram(contrast)
    level, spread = _level_and_spread(histogram)
    contrast = _take_off(contrast, level)
    faintest = max(_FAINTEST_INK, _NOISE_FACTOR * spread)
    strongest = _strongest_ink(histogram[level:], faintest)
    return InkMap(
        contrast,
        threshold=max(faintest, _INK_SHARE * strongest),
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
    return _as_pixels(cv2.divide(cv2.subtract(paper, grey), full, scale=255))


def _take_off(contrast: Pixels, level: int) -> Pixels:
    return _as_pixels(cv2.subtract(contrast, np.full_like(contrast, level)))  # down to 0


def _histogram(
    contrast: Pixels, is_counted: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Count the pixels of each contrast; of a large picture, every fourth pixel will do."""
    step = 1 + (max(contrast.shape) > WORKING_SIDE_PX / 2)
    mask = None if is_counted is None else is_counted[::step, ::step].astype(np.uint8)
    counts = cv2.calcHist([contrast[::step, ::step].copy()], [0], mask, [256], [0, 256])
    return np.asarray(counts, dtype=np.float32).ravel()


def _level_and_spread(histogram: NDArray[np.float32]) -> tuple[int, float]:
    """Measure the paper's own contrast, median and standard deviation, unmoved by the ink.

    Args:
        histogram: Number of pixels of each contrast, (256,).
    """
    counts = np.cumsum(_without_heavy_ink(histogram), dtype=np.float64)
    level = int(np.searchsorted(counts, counts[-1] / 2))
    below = int(np.searchsorted(counts, counts[level] / 2))
    return level, 1.4826 * (level - below)


def _without_heavy_ink(histogram: NDArray[np.float32]) -> NDArray[np.float32]:
    """Leave ink out where it covers so much of a picture that the median would lie beside it."""
    threshold = _tell_two_kinds(histogram)
    if threshold is None or histogram[threshold + 1 :].sum() < _HEAVY_INK * histogram.sum():
        return histogram
    return np.where(np.arange(256) <= threshold, histogram, 0)


def _tell_two_kinds(histogram: NDArray[np.float32], share: float = _TWO_KINDS) -> int | None:
    """Return the last value of the lower of two kinds of pixels; None if there is but one kind.

    Args:
        histogram: Number of pixels of each value, (256,).
        share: Of the variance is between two kinds, at least.

    Source: Otsu, "A threshold selection method from gray-level histograms", IEEE SMC 9 (1979).
    """
    values = np.arange(256)
    shares = np.cumsum(histogram, dtype=np.float64) / histogram.sum()
    moments = np.cumsum(histogram * values, dtype=np.float64) / histogram.sum()
    mean = moments[-1]
    between = (mean * shares - moments) ** 2 / np.maximum(shares * (1 - shares), 1e-9)
    variance = float((histogram * (values - mean) ** 2).sum() / histogram.sum())
    best = int(between.argmax())
    return best if between[best] > share * variance else None


def _strongest_ink(histogram: NDArray[np.float32], faintest: float) -> float:
    """Return the contrast that the strongest of all inked pixels have."""
    inked = histogram.copy()
    inked[: int(faintest) + 1] = 0
    counts = np.cumsum(inked, dtype=np.float64)
    if counts[-1] == 0:
        return 0.0
    return float(np.searchsorted(counts, (1 - _STRONGEST_INK) * counts[-1]))


def _negative(image: Pixels) -> Pixels:
    return _as_pixels(cv2.bitwise_not(image))


def _as_pixels(image: object) -> Pixels:
    return np.asarray(image, dtype=np.uint8)

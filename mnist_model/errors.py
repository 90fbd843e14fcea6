"""Everything that can go wrong here, as exceptions whose message a person can act on.

    MnistModelError
    ├── CheckpointError            a file of weights that cannot be used
    ├── DataError                  MNIST or other examples are missing, damaged or unusable
    ├── FigureError                a picture of results that cannot be written
    └── PhotoError                 a photo that cannot be read; its sender may see why
        ├── UnreadablePhotoError   not an image, damaged, or of a kind we do not open
        │   └── EmptyPhotoError    a file of zero bytes
        └── PhotoTooLargeError     more pixels than we are willing to decode

A photo that opens well but shows no digit is no error: its `Reading` is rejected, with a reason.
"""


class MnistModelError(Exception):
    """Base of every error this package raises on purpose."""


class CheckpointError(MnistModelError):
    """A checkpoint is missing, damaged, or not one of ours."""


class DataError(MnistModelError):
    """MNIST or other examples are missing, damaged or unusable."""


class FigureError(MnistModelError):
    """A picture of results cannot be written."""


class PhotoError(MnistModelError):
    """A photo cannot be read."""


class UnreadablePhotoError(PhotoError):
    """The bytes are no image that we can open, or the image is cut off."""


class EmptyPhotoError(UnreadablePhotoError):
    """The file has no bytes."""


class PhotoTooLargeError(PhotoError):
    """The photo has more pixels than the limit; its pixels were not decoded."""

"""Why a photo is not read, each as one sentence for the person who sent it."""

NOTHING_WRITTEN = (
    "I see nothing written here. Please write a digit large and dark, and take the photo closer."
)
NOT_A_DIGIT = "This does not look like a digit. Please write one or more digits, 0 to 9, clearly."
TOO_MUCH = (
    "There is too much in this picture. Please take the photo closer, so that it shows only the "
    "number."
)
TOO_DARK = "This photo is too dark for me. Please take it again with more light."
TOO_BLURRED = "This photo is too blurred for me. Please hold still and take it again."

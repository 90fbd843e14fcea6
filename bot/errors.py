"""Exceptions of the bot.

BotError
├── SettingsError               the settings cannot work; the program ends with this sentence
├── DatabaseError               the database cannot be used; the program ends with this sentence
├── ExamplesError               a file of examples cannot be used; `str()` says why
├── AdminsOnlyError             somebody else asks for what only admins may do
├── BadScheduleError            what should be a cron expression is none; `str()` says why
├── PhotoError                  what was sent cannot be read; `str()` of it is for the person
├── ModelError                  a model version is missing or damaged
│   ├── UnknownModelError       there is no version with this number
│   └── NoEarlierModelError     there is none to roll back to
├── TrainingError               a training run cannot start or has failed; `str()` says why
│   ├── TrainingAlreadyRunningError
│   ├── TrainingCancelledError
│   └── TrainingInterruptedError
└── CorrectionError             a correction is refused
    ├── UnknownButtonError      no button of this version sends such callback data
    ├── UnknownReadingError     there is no such reading (any more)
    ├── NotYourReadingError     only the sender and admins may correct a reading
    └── WrongDigitCountError    the typed number has more or fewer digits than the reading
"""


class BotError(Exception):
    """Anything that this program raises on purpose."""


class SettingsError(BotError):
    """The settings cannot work."""


class DatabaseError(BotError):
    """The database cannot be used."""


class ExamplesError(BotError):
    """A file or folder of labelled examples cannot be used."""


class AdminsOnlyError(BotError):
    """Somebody else asks for what only admins may do."""


class BadScheduleError(BotError):
    """What should be a cron expression is none."""


class PhotoError(BotError):
    """What was sent cannot be read as a photo; the message says why and what to do."""


class ModelError(BotError):
    """A model version is missing, damaged, or not what its hash says."""


class UnknownModelError(ModelError):
    """There is no model version with this number."""


class NoEarlierModelError(ModelError):
    """No earlier model version has answered photos."""


class TrainingError(BotError):
    """A training run cannot start or has failed."""


class TrainingAlreadyRunningError(TrainingError):
    """Only one training run goes at a time.

    Attributes:
        run_id: The one that goes on.
    """

    def __init__(self, run_id: int) -> None:
        """Remember which run is in the way."""
        super().__init__(f"training run {run_id} is going on")
        self.run_id = run_id


class TrainingCancelledError(TrainingError):
    """An admin has cancelled the run."""


class TrainingInterruptedError(TrainingError):
    """The bot is being stopped, and the run with it."""


class CorrectionError(BotError):
    """A correction is refused."""


class UnknownButtonError(CorrectionError):
    """No button of this version sends such callback data."""


class UnknownReadingError(CorrectionError):
    """There is no such reading (any more)."""


class NotYourReadingError(CorrectionError):
    """Only the person who sent the photo, or an admin, may correct its reading."""


class WrongDigitCountError(CorrectionError):
    """The typed number does not have as many digits as the reading.

    Attributes:
        expected: How many digits the reading has.
    """

    def __init__(self, expected: int) -> None:
        """Remember how many digits there should have been."""
        super().__init__(f"the reading has {expected} digits")
        self.expected = expected

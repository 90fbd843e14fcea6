"""What the playground refuses.

BotApiError            to the bot, as a Bot API answer with `ok: false`
PageError              to a person, as a sentence the page shows
└── NotAPhotoError     what was sent as a photo cannot be one; as a file it can be sent
"""


class BotApiError(Exception):
    """A refusal in Telegram's words.

    Source: https://core.telegram.org/bots/api#making-requests
    """

    def __init__(self, error_code: int, description: str) -> None:
        """Keep the HTTP status, and the description that begins with its name."""
        super().__init__(description)
        self.error_code = error_code
        self.description = description


class PageError(Exception):
    """Something a person did cannot be done; the message is the sentence to show."""


class NotAPhotoError(PageError):
    """The bytes cannot become a photo."""


def bad_request(reason: str) -> BotApiError:
    """Make the answer to a request that cannot be carried out."""
    return BotApiError(400, f"Bad Request: {reason}")


def conflict(reason: str) -> BotApiError:
    """Make the answer to one of two ways of receiving updates that exclude each other."""
    return BotApiError(409, f"Conflict: {reason}")

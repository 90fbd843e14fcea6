"""Who acts: every use case that not everybody may do asks an actor."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """The person behind a message or a button press."""

    user_id: int  # Telegram's
    is_admin: bool

"""Who acts: every use case that not everybody may do asks an actor."""

from dataclasses import dataclass

from bot.errors import AdminsOnlyError


@dataclass(frozen=True)
class Actor:
    """The person behind a message or a button press."""

    user_id: int  # Telegram's
    is_admin: bool

    def require_admin(self, what: str) -> None:
        """Let only admins go on; `what` completes "only admins may".

        Raises:
            AdminsOnlyError: It is somebody else.
        """
        if not self.is_admin:
            raise AdminsOnlyError(f"only admins may {what}")

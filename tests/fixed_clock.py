"""Time that stands still."""

from datetime import UTC, datetime, timedelta


class FixedClock:
    """A clock that only moves when a test says so."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, duration: timedelta) -> None:
        self.now += duration

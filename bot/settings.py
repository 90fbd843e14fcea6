"""Settings from the environment and `.env`; `.env.example` explains each one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.cron import list_times


class Settings(BaseSettings):
    """Everything that can be chosen from outside, validated and frozen.

    Built only by the entry point, `migrations/env.py` and scripts; everything below receives
    plain values as arguments.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",  # .env may hold other programs' settings as well.
        frozen=True,
    )

    telegram_bot_token: SecretStr | None = None
    telegram_api_url: str = "https://api.telegram.org"
    admin_ids: Annotated[frozenset[int], NoDecode] = frozenset()
    data_dir: Path = Path("data")
    database_url: str | None = None
    model_store_url: str | None = None
    mnist_data_dir: Path = Path("~/.pytorch/MNIST_data/")
    retrain_cron: str = "0 3 * * *"
    retrain_time_zone: ZoneInfo = ZoneInfo("UTC")
    retrain_min_corrections: int = Field(default=20, ge=1)
    max_corrections_per_person: int = Field(default=50, ge=1)
    playground_port: int = Field(default=8017, ge=0, le=65535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("admin_ids", mode="before")
    @classmethod
    def _split_admin_ids(cls, value: object) -> object:
        """Accept "123, 456": a comma-separated list is what people write into `.env`."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("retrain_cron")
    @classmethod
    def _check_cron(cls, value: str) -> str:
        try:
            list_times(value, datetime.now(UTC))
        except ValueError as error:
            raise ValueError(f"{error}; it should look like 0 3 * * *") from error
        return value

    @field_validator("telegram_api_url")
    @classmethod
    def _strip_slash(cls, value: str) -> str:
        return value.rstrip("/")

    def get_database_url(self) -> str:
        """Return the database's URL: the one given, or SQLite inside the data directory."""
        default = f"sqlite+aiosqlite:///{self.data_dir.expanduser()}/digit-bot.sqlite"
        return self.database_url or default

    def get_model_store_url(self) -> str:
        """Return where checkpoints are kept: the URL given, or a folder in the data directory."""
        return self.model_store_url or (self.data_dir.expanduser().resolve() / "models").as_uri()

"""The parameters of a request, however they were sent.

Source: https://core.telegram.org/bots/api#making-requests
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot.playground.errors import bad_request
from bot.playground.people import Json

LARGEST_NUMBER = 2**63 - 1  # Ids are signed 64-bit numbers, here as at Telegram.

T = TypeVar("T", dict[str, Any], list[Any])


@dataclass(frozen=True)
class Upload:
    """A file in a multipart request."""

    file_name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True)
class Parameters:
    """Values by name. Forms carry everything as text, JSON carries types: both are understood."""

    values: dict[str, Any]
    uploads: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """Return a text parameter.

        Raises:
            BotApiError: 400, if it holds half a character (a lone surrogate), as JSON can.
        """
        value = self.values.get(name)
        text = default if value is None else str(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise bad_request("strings must be encoded in UTF-8") from None
        return text

    def number(self, name: str, default: int | None = None) -> int:
        """Return a whole number.

        Raises:
            BotApiError: 400, if it is missing without a default, or is no 64-bit number.
        """
        value = self.values.get(name, "")
        if value in ("", None) and default is not None:
            return default
        if value in ("", None):
            raise bad_request(f"{name} is empty")
        try:
            number = int(value)
        except (TypeError, ValueError):
            number = None
        if number is None or not -LARGEST_NUMBER <= number <= LARGEST_NUMBER:
            raise bad_request(f'invalid {name} specified: "{value}"')
        return number

    def flag(self, name: str) -> bool:
        """Return a boolean; it is false unless sent as something like "true"."""
        return str(self.values.get(name, "")).lower() in ("true", "1", "yes", "t", "y")

    def structure(self, name: str, kind: type[T]) -> T | None:
        """Return an object (`dict`) or array (`list`), or None if there is none.

        Raises:
            BotApiError: 400, if it is not JSON, or not of that kind.
        """
        value = self.values.get(name)
        if value in ("", None):
            return None
        try:
            parsed = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            parsed = None
        if not isinstance(parsed, kind):
            raise bad_request(f"can't parse {name} JSON object")
        return parsed

    def upload(self, name: str) -> Upload | None:
        """Return the file sent as this parameter, directly or by `attach://`, or None."""
        reference = self.text(name)
        return self.uploads.get(reference.removeprefix("attach://") if reference else name)

    def replaced(self, values: Mapping[str, Any]) -> "Parameters":
        """Return the same request with some values changed or added."""
        return Parameters(self.values | dict(values), self.uploads)


async def read_parameters(request: Request) -> Parameters:
    """Read the query string and the body of a request.

    Raises:
        BotApiError: 400, if the body is not what its content type says.
    """
    values: dict[str, Any] = dict(request.query_params)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and content_type == "application/json":
        return Parameters(values | await _read_json(request))
    uploads = {}
    if content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        try:
            async with request.form() as form:
                for name, value in form.items():
                    if isinstance(value, UploadFile):
                        uploads[name] = await _read_upload(value)
                    else:
                        values[name] = value
        except HTTPException as error:
            raise bad_request("can't parse the form") from error
    return Parameters(values, uploads)


async def _read_json(request: Request) -> Json:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(body, dict):
        raise bad_request("object expected as JSON body")
    return body


async def _read_upload(file: UploadFile) -> Upload:
    return Upload(
        file.filename or "file",
        file.content_type or "application/octet-stream",
        await file.read(),
    )

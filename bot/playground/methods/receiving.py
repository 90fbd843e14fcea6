"""Who the bot is, and how it receives updates.

Source: https://core.telegram.org/bots/api#getting-updates
"""

import ipaddress
import re
from urllib.parse import urlsplit

from bot.playground.errors import bad_request
from bot.playground.parameters import Parameters
from bot.playground.people import Json
from bot.playground.playground import Playground


async def get_me(playground: Playground, parameters: Parameters) -> Json:  # noqa: ARG001
    """Describe the bot."""
    return playground.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": not playground.has_privacy_mode,
        "supports_inline_queries": False,
    }


async def get_updates(playground: Playground, parameters: Parameters) -> list[Json]:
    """Wait for updates; those below the offset are confirmed and forgotten."""
    playground.updates.allow(parameters.structure("allowed_updates", list))
    return await playground.updates.poll(
        offset=parameters.number("offset", 0),
        limit=parameters.number("limit", 100),
        timeout_s=parameters.number("timeout", 0),
    )


async def set_webhook(playground: Playground, parameters: Parameters) -> bool:
    """Send updates to an address from now on; no address means none."""
    url = parameters.text("url")
    if not url:
        return await delete_webhook(playground, parameters)
    if not _is_on_this_machine(url):
        raise bad_request("bad webhook: the playground sends updates to this machine only")
    secret_token = parameters.text("secret_token")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret_token):
        raise bad_request("secret token contains unallowed characters")
    playground.updates.allow(parameters.structure("allowed_updates", list))
    _drop_pending_updates(playground, parameters)
    await playground.webhook.set(
        {
            "url": url,
            "secret_token": secret_token,
            "max_connections": parameters.number("max_connections", 40),
        }
    )
    return True


async def delete_webhook(playground: Playground, parameters: Parameters) -> bool:
    """Go back to getUpdates."""
    _drop_pending_updates(playground, parameters)
    await playground.webhook.set(None)
    return True


async def get_webhook_info(playground: Playground, parameters: Parameters) -> Json:  # noqa: ARG001
    """Describe the webhook, how many updates wait, and what went wrong last."""
    info: Json = {
        "url": playground.webhook.url,
        "has_custom_certificate": False,
        "pending_update_count": playground.store.count_updates(),
    }
    if playground.webhook.url:
        info["max_connections"] = playground.webhook.settings["max_connections"]
    if error := playground.store.setting("webhook_error"):
        info |= {"last_error_date": error["date"], "last_error_message": error["message"]}
    if allowed_updates := playground.store.setting("allowed_updates"):
        info["allowed_updates"] = allowed_updates
    return info


def _drop_pending_updates(playground: Playground, parameters: Parameters) -> None:
    if parameters.flag("drop_pending_updates"):
        playground.store.keep_last_updates(0)


def _is_on_this_machine(url: str) -> bool:
    try:
        address = urlsplit(url)
        has_port = address.port != 0  # raises for what is no port
    except ValueError:
        return False
    if address.scheme not in ("http", "https") or not address.hostname or not has_port:
        return False
    if address.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.hostname).is_loopback
    except ValueError:
        return False

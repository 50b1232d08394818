"""Keys, connected applications and their tokens: the only writers of these tables.

Letting in whoever calls, and answering a repeated write once, are here too, since both write.
"""

from airstair.records.access.commands.applications import (
    ApplicationInput,
    GrantEdit,
    GrantInput,
    change_grant,
    grant_application,
    register_application,
    replace_secret,
    revoke_application,
    withdraw_grant,
)
from airstair.records.access.commands.keys import ApiKeyInput, create_api_key, revoke_api_key
from airstair.records.access.commands.letting import let_in_token
from airstair.records.access.commands.once import answered_once
from airstair.records.access.commands.tokens import first_tokens

__all__ = [
    "ApiKeyInput",
    "ApplicationInput",
    "GrantEdit",
    "GrantInput",
    "answered_once",
    "change_grant",
    "create_api_key",
    "first_tokens",
    "grant_application",
    "let_in_token",
    "register_application",
    "replace_secret",
    "revoke_api_key",
    "revoke_application",
    "withdraw_grant",
]

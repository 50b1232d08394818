"""Changing checklists, handlers and definitions: the only writers of these tables.

Each command takes who acts, checks the right, looks at all of its input, writes rows and change in one transaction, and
writes nothing at all when nothing would change.
"""

from airstair.records.checklist.commands.answers import (
    accept_proposal,
    answer_services,
    dismiss_proposal,
    message,
    propose_times,
    set_permits,
)
from airstair.records.checklist.commands.available import set_available_services
from airstair.records.checklist.commands.definitions import (
    add_checklist_definition,
    change_checklist_definition,
    ensure_definitions,
    move_checklist_definition,
)
from airstair.records.checklist.commands.handlers import (
    add_handler,
    change_handler,
    reinstate_handler,
    retire_handler,
)
from airstair.records.checklist.commands.inputs import (
    AirportServices,
    DefinitionInput,
    HandlerInput,
    ItemEdit,
    PermitInput,
    ServiceAnswer,
    Submission,
)
from airstair.records.checklist.commands.items import (
    LARGEST_FILE,
    MEDIA_TYPES,
    add_file,
    add_item,
    remove_file,
    remove_item,
    set_item,
)
from airstair.records.checklist.commands.mailing import send_handling_request, set_test_address
from airstair.records.checklist.commands.modules import add_module, keep_module, remove_module, submit

__all__ = [
    "LARGEST_FILE",
    "MEDIA_TYPES",
    "AirportServices",
    "DefinitionInput",
    "HandlerInput",
    "ItemEdit",
    "PermitInput",
    "ServiceAnswer",
    "Submission",
    "accept_proposal",
    "add_checklist_definition",
    "add_file",
    "add_handler",
    "add_item",
    "add_module",
    "answer_services",
    "change_checklist_definition",
    "change_handler",
    "dismiss_proposal",
    "ensure_definitions",
    "keep_module",
    "message",
    "move_checklist_definition",
    "propose_times",
    "reinstate_handler",
    "remove_file",
    "remove_item",
    "remove_module",
    "retire_handler",
    "send_handling_request",
    "set_available_services",
    "set_item",
    "set_permits",
    "set_test_address",
    "submit",
]

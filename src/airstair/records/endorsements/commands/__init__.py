"""Changing endorsements: the only writers of their tables. What a partner keeps is read-only for everybody but it."""

from airstair.records.endorsements.commands.definitions import (
    DefinitionInput,
    add_definition,
    change_definition,
    move_definition,
    remove_definition,
)
from airstair.records.endorsements.commands.imported import (
    ImportedDefinition,
    ImportedEndorsement,
    Written,
    forget_unseen,
    import_definition,
    import_endorsement,
    remove_imported,
)
from airstair.records.endorsements.commands.own import (
    LARGEST_SCAN,
    EndorsementInput,
    add_endorsement,
    attach_scan,
    change_endorsement,
    remove_endorsement,
    remove_scan,
)

__all__ = [
    "LARGEST_SCAN",
    "DefinitionInput",
    "EndorsementInput",
    "ImportedDefinition",
    "ImportedEndorsement",
    "Written",
    "add_definition",
    "add_endorsement",
    "attach_scan",
    "change_definition",
    "change_endorsement",
    "forget_unseen",
    "import_definition",
    "import_endorsement",
    "move_definition",
    "remove_definition",
    "remove_endorsement",
    "remove_imported",
    "remove_scan",
]

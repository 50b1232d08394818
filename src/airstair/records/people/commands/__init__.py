"""Changing people's records: the only writers of their tables.

Numbers of documents and dates of birth are never told to the change log: it says that they were changed.
"""

from airstair.records.people.commands.crew import (
    CrewMemberEdit,
    CrewMemberInput,
    add_crew_member,
    change_crew_member,
    reinstate_crew_member,
    retire_crew_member,
)
from airstair.records.people.commands.documents import DocumentInput, add_document, change_document, remove_document
from airstair.records.people.commands.phonebook import (
    CompanyInput,
    ContactInput,
    PassengerInput,
    add_company,
    add_contact,
    add_passenger,
    change_company,
    change_contact,
    change_passenger,
    remove_company,
    remove_contact,
    remove_passenger,
)

__all__ = [
    "CompanyInput",
    "ContactInput",
    "CrewMemberEdit",
    "CrewMemberInput",
    "DocumentInput",
    "PassengerInput",
    "add_company",
    "add_contact",
    "add_crew_member",
    "add_document",
    "add_passenger",
    "change_company",
    "change_contact",
    "change_crew_member",
    "change_document",
    "change_passenger",
    "reinstate_crew_member",
    "remove_company",
    "remove_contact",
    "remove_document",
    "remove_passenger",
    "retire_crew_member",
]

"""Frozen pictures of operators, their subsidiaries and their people."""

from __future__ import annotations

from datetime import datetime

import msgspec

from airstair.records.operators.rules import Role, rights_of


class OperatorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An operator and its settings. Field meanings as in the table."""

    id: int
    code: str
    name: str
    icao_code: str = ""
    iata_code: str = ""
    base_time_zone: str = "UTC"
    trip_prefix: str = "T"
    ops_email: str = ""
    sales_email: str = ""
    phone: str = ""
    address: str = ""
    main_organisation: str = ""


class SubsidiaryFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A company of the operator's group."""

    id: int
    name: str


class MemberFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One person's place at one operator."""

    membership_id: int
    operator_id: int
    user_id: int
    email: str
    name: str
    code: str
    role: Role
    granted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    aircraft_ids: tuple[int, ...] = ()
    active: bool = True
    since: datetime

    @property
    def rights(self) -> frozenset[str]:
        """What this person may do here."""
        return rights_of(self.role, self.granted, self.refused)


class PlaceOfWork(msgspec.Struct, frozen=True, kw_only=True):
    """One of the operators that a person can act for, as the switch of operators shows it."""

    operator_id: int
    operator_code: str
    operator_name: str
    membership_id: int
    code: str
    role: Role

"""Reading keys. Each reader says its number of statements."""

from __future__ import annotations

from airstair.records.access.models import ApiKey
from airstair.records.access.snapshots import ApiKeyFacts

_FIELDS = ApiKeyFacts.__struct_fields__


def api_keys(operator_id: int) -> list[ApiKeyFacts]:
    """The operator's keys, those in use first, by name. One statement."""
    found = [key_facts(row) for row in ApiKey.objects.filter(operator_id=operator_id)]
    return sorted(found, key=lambda key: (key.revoked_at is not None, key.name.lower(), key.id))


def key_facts(row: ApiKey) -> ApiKeyFacts:
    values = {field: getattr(row, field) for field in _FIELDS}
    return ApiKeyFacts(**{**values, "reads": tuple(row.reads), "writes": tuple(row.writes)})

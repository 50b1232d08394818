"""Finding members while somebody types a recipient: by code, or by first letters of the name."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse

from airstair.kernel.errors import Problems
from airstair.records.operators import queries as operators
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page

_MOST = 12
_MOST_TYPED = 100
_LONGEST = 60


@page(Right.ADDONS_MANAGE, doing="configure add-ons", methods=("GET",))
def suggestions(request: PageRequest) -> HttpResponse:
    """Members that what is typed may mean, as JSON: `[{"code": "MAR", "name": "Maria Rossi"}]`."""
    found = operators.members_matching(request.operator.id, request.GET.get("q", "")[:_LONGEST])
    return JsonResponse([{"code": one.code, "name": one.name} for one in found[:_MOST]], safe=False)


def codes(operator_id: int, text: str, field: str, problems: Problems) -> tuple[str, ...]:
    """The codes that a typed list means. What means nobody, or several, is noted as a problem of `field`."""
    everybody = {one.code.upper(): one.code for one in operators.members(operator_id)}
    found: list[str] = []
    for entry in text.replace(";", ",").split(",")[:_MOST_TYPED]:
        typed = entry.strip()[:_LONGEST]
        if not typed:
            continue
        if typed.upper() in everybody:
            found.append(everybody[typed.upper()])
            continue
        fitting = operators.members_matching(operator_id, typed)
        if len(fitting) == 1:
            found.append(fitting[0].code)
        elif fitting:
            several = ", ".join(f"{one.code} ({one.name})" for one in fitting[:_MOST])
            problems.add(field, f"“{typed}” fits several members: {several}. Type the code.")
        else:
            problems.add(field, f"Nobody here has the code or a name starting with “{typed}”.")
    return tuple(dict.fromkeys(found))

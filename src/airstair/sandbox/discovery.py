"""Finds the imitations: every `airstair.addons.<name>.sandbox` module, each with its `PARTNER`.

The imitation of a family has `PARTNERS`: one program, and for each partner its own state, credentials and faults.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

from airstair.sandbox.partner import Partner

ADDONS = "airstair.addons"
RESERVED = frozenset({"control", "inspect", "static"})


def find_partners() -> dict[str, Partner]:
    """All partners by key, in the order of their keys."""
    addons = importlib.import_module(ADDONS)
    found: dict[str, Partner] = {}
    for module in sorted(pkgutil.iter_modules(addons.__path__), key=lambda module: module.name):
        name = f"{ADDONS}.{module.name}.sandbox"
        if not module.ispkg or importlib.util.find_spec(name) is None:
            continue
        imitation = importlib.import_module(name)
        for partner in getattr(imitation, "PARTNERS", None) or (imitation.PARTNER,):
            if not isinstance(partner, Partner):
                raise TypeError(f"{name}.PARTNER is no Partner. Export one made of airstair.sandbox.partner.Partner.")
            if partner.key in RESERVED or partner.key in found:
                raise ValueError(f"{name} uses the key {partner.key!r}, which is taken. Choose another.")
            found[partner.key] = partner
    return dict(sorted(found.items()))

"""One site for all tests here: its database and its record take seconds to make."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .site import Site, standing


@pytest.fixture(scope="session")
def whole_site() -> Iterator[Site]:
    with standing() as site:
        yield site


@pytest.fixture
def site(whole_site: Site) -> Iterator[Site]:
    """With nobody on its hosts, before and after."""
    whole_site.partners.calls.clear()
    yield whole_site
    whole_site.clear()

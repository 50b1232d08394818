"""Whatever is done to the record, to partners and to workers: when the faults stop, every copy equals the record."""

from __future__ import annotations

import pytest

from .playing import examine


@pytest.mark.parametrize("seed", range(1, 13))
def test_partners_converge(transactional_db: None, seed: int) -> None:
    examine(seed)

"""Shared by the tests of planted faults: cached verdicts of Great Expectations, small zip bombs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.ingest import content
from pipelines.validation import folder, suites
from tests.faults.trial import Protocols, Verdicts

_VERDICTS = Verdicts()


@pytest.fixture(scope="module", autouse=True)
def _remembered_verdicts() -> Iterator[None]:
    """For these modules only; others use the library itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suites, "_validate_frame", _VERDICTS)
        patch.setattr(folder, "write_protocol", Protocols())
        # Unpacking 64 MiB for every kind would be slow; `test_content` tries one.
        patch.setattr(content, "RATIO_COUNTS_FROM_BYTES", 2**21)
        yield

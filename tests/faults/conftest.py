"""What every module of planted faults shares: verdicts of Great Expectations remembered, small bombs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.ingest import content
from pipelines.validation import folder, suites
from tests.faults.trial import Protocols, Verdicts

_VERDICTS = Verdicts()


@pytest.fixture(scope="module", autouse=True)
def _remembered_verdicts() -> Iterator[None]:
    """For these modules only: others try the library itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suites, "_validate_frame", _VERDICTS)
        patch.setattr(folder, "write_protocol", Protocols())
        # A gzip file of every kind that unpacks to 64 MiB would take its time; `test_content` tries one.
        patch.setattr(content, "RATIO_COUNTS_FROM_BYTES", 2**21)
        yield

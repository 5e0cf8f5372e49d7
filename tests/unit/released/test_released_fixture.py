"""The hand-made released tables conform to the catalogue, so tests use realistic ones."""

import pandas as pd
import pytest

from pipelines.catalogue import RELEASED_TABLES
from tests.released_fixture import released_tables, shaped

BY_NAME = {table.name: table for table in RELEASED_TABLES}


@pytest.mark.parametrize("table", RELEASED_TABLES, ids=lambda table: table.name)
def test_fixture_tables_conform_to_the_catalogue(table):
    frame = released_tables()[table.name]
    assert list(frame.columns) == [column.name for column in table.columns]
    for column in table.columns:
        given = frame[column.name].dropna()
        assert column.is_nullable or len(given) == len(frame), column.name
        assert not column.allowed or set(given) <= set(column.allowed), column.name
        assert column.low is None or (given >= column.low).all(), column.name
        assert column.high is None or (given <= column.high).all(), column.name
    if table.headline:
        is_shown = frame["figure_status"] == "shown"
        assert (is_shown == frame[table.headline].notna()).all()
    assert not table.key or not frame.duplicated(list(table.key)).any()


def test_a_column_the_catalogue_does_not_have_is_refused():
    drifted = released_tables()["measure"].assign(n_schools_with_results=3)
    with pytest.raises(ValueError, match="n_schools_with_results"):
        shaped(BY_NAME["measure"], drifted)


def test_a_blank_the_catalogue_does_not_allow_is_refused():
    without = released_tables()["measure"].drop(columns="higher_is_better")
    with pytest.raises(ValueError, match="higher_is_better is never blank"):
        shaped(BY_NAME["measure"], without)


def test_nullable_columns_may_be_left_out():
    values = pd.DataFrame([{"kind": "statements", "programme": "send", "reason": "UPN"}])
    assert shaped(BY_NAME["text_review"], values)["n_texts"].isna().all()

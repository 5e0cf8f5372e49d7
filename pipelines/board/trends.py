"""How far both sides would have had to change differently by themselves for a verdict to be another."""

from __future__ import annotations

from pipelines.board.answers import anything_words
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, where
from pipelines.released.questions import rows_about


def if_trends_had_differed(headline: Row, tables: Tables) -> str:
    """The difference in trends that would change a verdict, and such differences in earlier years.

    "" for a headline without a verdict or an estimate.
    """
    if wording.is_missing(headline["verdict"]) or not wording.is_shown(headline):
        return ""
    if wording.is_missing(headline["breakdown"]):
        return "nothing in how both sides changed by themselves would alone change the verdict."
    return (
        "the verdict could be another if, without the programme, its schools’ results had changed by "
        f"{cite(headline, 'size', 'breakdown')} more, or less, than the others’. "
        f"{_earlier_words(headline, tables)}"
    ).strip()


def _earlier_words(headline: Row, tables: Tables) -> str:
    """How far both sides' changes differed in earlier years, and whether that was as much."""
    of_outcome = where(rows_about(headline, tables["impact"]), pupil_group=headline["pupil_group"])
    before = next((row for row in of_outcome if row["estimator"] == "earlier_changes"), None)
    if before is None:
        return ""
    if wording.is_suppressed(before):
        return f"How far their changes differed between earlier years: {wording.WITHHELD}."
    if not wording.is_shown(before):
        return (
            "How far their changes differed between earlier years is not known: "
            f"{cite(before, 'text', 'verdict_reason')}."
        )
    low, high = before["estimate_low"], before["estimate_high"]
    differed = (
        f"by {cite(before, 'effect', 'estimate_low')}"
        if low == high
        else cite(before, "range", "estimate_low", "estimate_high")
    )
    is_as_large = max(abs(low), abs(high)) >= headline["breakdown"]
    return (
        f"Between earlier years their changes differed {differed}, which {anything_words(before)}: "
        f"{'as much as that has happened' if is_as_large else 'less than that'}."
    )

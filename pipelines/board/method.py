"""The method in paragraphs: the protocol, who is compared, and how a verdict is reached."""

from __future__ import annotations

from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite
from pipelines.released.questions import (
    evaluated_programmes,
    is_anything_rounded,
    outcome_years,
    year_before,
)


def method_words(tables: Tables) -> tuple[str, ...]:
    """The paragraphs on the method, in the order in which they are printed."""
    (study,) = tables["study"]
    years = outcome_years(tables)
    judged = wording.join_words(years) + (", taken together," if len(years) > 1 else "")
    evaluated = evaluated_programmes(tables)
    pools = [str(row["comparison_pool"]) for row in evaluated]
    overlapping = (
        "Programmes that share schools are worked out together. " if len(pools) > 1 else ""
    )
    return (
        "The rules stand in the study’s protocol, which is to be written before the results are "
        f"seen. Its fingerprint is {cite(study, 'hash', 'study_hash')}: the same rules, the "
        "same fingerprint.",
        f"Results of {judged} are set against {study['baseline_years']}, for the "
        f"programme’s schools and for {wording.format_pools(pools)}. {overlapping}".strip(),
        *_of_several_years(tables),
        *(text for pool, text in wording.POOL_METHODS.items() if pool in pools),
        "The right comparison depends on how schools came to be chosen. One comparison is right if "
        "they were chosen on the results themselves: it sets each school against schools with the "
        "same earlier results. The other is right if they were chosen on something lasting: it takes "
        "the change since the average of earlier years. If they were chosen in one of these ways, or "
        "in a mixture of them, the truth lies between the two but for chance, so both are shown. If "
        "they were chosen in some other way, both can be wrong.",
        *_how_chosen(evaluated),
        "A verdict of better or worse is given only if both comparisons agree and chance is an "
        "unlikely reason. Key stages are never mixed. Special schools are not compared with "
        "mainstream schools.",
        "Averages are over pupils: a school counts by the pupils it has. The two comparisons weigh a "
        "school by how much its result can be relied on, so they are not a difference of the averages.",
        *_of_rounding(tables),
        _of_disclosure(study, tables),
    )


def _of_several_years(tables: Tables) -> list[str]:
    """How the results of several outcome years become one; [] where there is one."""
    if len(outcome_years(tables)) == 1:
        return []
    return [
        "A school’s results of these years are made into one, each measured from its year’s average of "
        "schools in no programme and counted by how much it can be relied on. A school counts from the "
        "first year whose pupils were tested after the programme began there. Effects are in points of the "
        "last year, and numbers of pupils are those of all these years."
    ]


def _of_disclosure(study: Row, tables: Tables) -> str:
    """What is withheld or rounded, and which key stages are neither."""
    public = wording.format_public_key_stages(study["public_key_stages"])
    if not is_anything_rounded(tables):
        return public.strip()
    return (
        f"Figures that rest on fewer than {cite(study, 'count', 'minimum_cell')} pupils are withheld, and "
        f"numbers of pupils are rounded.{public}"
    )


def _of_rounding(tables: Tables) -> list[str]:
    """How far rounding moves an average; [] where all key stages are published by school."""
    if not is_anything_rounded(tables):
        return []
    return [
        "Percentages are of rounded numbers of pupils: of about a hundred pupils mostly within four "
        "percentage points of the exact figure, of about four hundred within one. Four of them make the "
        f"change since {year_before(tables)}. The two comparisons are worked out from exact figures."
    ]


def _how_chosen(evaluated: list[Row]) -> list[str]:
    """How each programme's schools were chosen, according to the protocol, in one paragraph."""
    said = []
    for row in evaluated:
        on = row["chosen_on"]
        if row["is_placebo"]:
            by_rule = f"those of {row['title']} by a rule"
            said.append(by_rule if wording.is_missing(on) else f"{by_rule} on the results of {on}")
        elif wording.is_missing(on):
            said.append(f"of {row['title']} it does not say how")
        else:
            said.append(f"those of {row['title']} on results of {on}")
    return [f"How schools were chosen, as the protocol says: {'; '.join(said)}."] if said else []

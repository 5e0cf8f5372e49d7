"""Checks that the words, charts and tables of one study agree with each other."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator

import pandas as pd

from tests.fleet.recount import Recount
from tests.fleet.running import Made

_VERDICT_WORDS = {"better": "better than", "worse": "worse than"}
_NUMBER = re.compile(r"[−-]?\d[\d,]*\.?\d*")
_NO_TEXT = re.compile(r"<(style|script|svg)\b.*?</\1>", re.DOTALL)
_PARAGRAPH = re.compile(r"<p\b.*?</p>", re.DOTALL)
_END_OF_LINE = re.compile(r"</(p|li|td|th|h\d|tr|dd|dt|figcaption)>")


def contradictions(made: Made, recount: Recount) -> list[str]:
    """Every statement of a study that another part of it contradicts."""
    return [said for check in CHECKS for said in check(made, recount)]


def lines_of(page: str) -> list[str]:
    """The page's text, one line for each paragraph, item or cell."""
    text = _END_OF_LINE.sub("\n", _NO_TEXT.sub("", page))
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    return [line.strip() for line in text.split("\n") if line.strip()]


def _lines(made: Made) -> Iterator[str]:
    """Every line of the board pack and of the technical report."""
    yield from lines_of(made.html)
    yield from lines_of(made.report)


def _verdicts(made: Made) -> pd.DataFrame:
    impact = made.tables["impact"]
    return impact[(impact["role"] == "headline") & impact["verdict"].notna()]


def no_word_of_a_machine(made: Made, _: Recount) -> Iterator[str]:
    """No code name and no `nan` or `None` appears in the text."""
    for line in _lines(made):
        if re.search(r"\b(nan|NaN|None|NaT|inf)\b(?! of)|<NA>|\{\}|\[\]", line):
            yield f"words: a blank of a program stands in {line[:80]!r}"
        elif re.search(r"\b[a-z]+_[a-z_]+\b", line) and not line.endswith(".csv"):
            yield f"words: a code stands in {line[:80]!r}"


def verdicts_on_the_page(made: Made, _: Recount) -> Iterator[str]:
    """Pack and report show each outcome's verdict as in its `impact` row."""
    counted = Counter(_verdicts(made)["verdict"])
    for name, page in (("pack", made.html), ("report", made.report)):
        printed = Counter(re.findall(r'class="verdict (\w+)"', page))
        if printed != counted:
            yield f"verdicts: the {name} has {dict(printed)}, the table {dict(counted)}"


def titles_of_charts(made: Made, _: Recount) -> Iterator[str]:
    """No title claims a result without that verdict. A chart of one outcome claims only its own verdict."""
    verdicts = _verdicts(made)
    for chart in made.charts:
        of_chart = [
            row["verdict"]
            for _, row in verdicts.iterrows()
            if chart.name.endswith(f"-{row['programme']}-{row['measure']}")
        ] or verdicts["verdict"].tolist()
        for verdict, words in _VERDICT_WORDS.items():
            if words in chart.title.casefold() and verdict not in of_chart:
                yield f"titles: {chart.name} says {chart.title!r}, the verdict is {of_chart}"


def numbers_of_outcomes(made: Made, _: Recount) -> Iterator[str]:
    """ "Of 4 outcomes: 1 better, 3 cannot tell" counts the verdicts of all programmes but placebos."""
    words = {"better": "better", "worse": "worse", "cannot tell": "cannot_tell",
             "no meaningful difference": "no_meaningful_difference"}  # fmt: skip
    verdicts, programmes = _verdicts(made), made.tables["programme"]
    placebos = programmes.loc[programmes["is_placebo"], "programme"]
    real = verdicts[~verdicts["programme"].isin(placebos)]
    counted = Counter((real if len(real) else verdicts)["verdict"])
    for chart in made.charts:
        said = re.match(r"Of (\d+) outcomes: (.*)", chart.title)
        if not said:
            continue
        printed = {
            words[name]: int(n)
            for n, name in re.findall(r"(\d+) ([a-z ]+)", said[2])
            if name in words
        }
        if int(said[1]) != counted.total() or any(counted[v] != n for v, n in printed.items()):
            yield f"titles: {chart.title!r}, counted {dict(counted)}"


def coverage_adds_up(made: Made, _: Recount) -> Iterator[str]:
    """Schools compared, plus schools left out by reason, equal the schools on the list."""
    said = re.compile(
        r"^(All|None|[\d,]+)(?: of the)? ([\d,]+) schools? (?:can be|has|have) .*?"
        r"(?:The other ([\d,]+) cannot be|Why not): (.*)\.$"
    )
    for line in _lines(made):
        found = said.match(line)
        if not found:
            continue
        listed = int(found[2].replace(",", ""))
        compared = (
            {"All": listed, "None": 0}.get(found[1]) if not found[1][0].isdigit() else int(found[1])
        )
        reasons = sum(int(n.replace(",", "")) for n in re.findall(r"\(([\d,]+)\)", found[4]))
        left_out = int(found[3].replace(",", "")) if found[3] else reasons
        if compared + left_out != listed or left_out != reasons:
            yield f"coverage: the numbers of {line[:120]!r} do not add up"


def coverage_is_said(made: Made, _: Recount) -> Iterator[str]:
    """The pack states, for each programme and key stage, how many of its schools can be compared."""
    said = re.compile(
        r"^((All|None|[\d,]+)( of the)? [\d,]+ schools?|The one school) (can be|has|have) .*compared "
    )
    counts = made.tables["school_count"]
    counted = len(counts[["programme", "key_stage"]].drop_duplicates())
    printed = sum(bool(said.match(line)) for line in lines_of(made.html))
    if printed != counted:
        yield f"coverage: the pack says it {printed} times, of {counted} programmes and key stages"


def averages_are_of_the_compared(made: Made, _: Recount) -> Iterator[str]:
    """Averages on page one cover exactly the compared schools, or the text says otherwise."""
    comparison = made.tables["comparison"]
    for _, row in _verdicts(made).iterrows():
        about = ["programme", "measure", "pupil_group"]
        levels = comparison[(comparison[about] == row[about]).all(axis=1)].set_index("arm")
        now = levels[levels["academic_year"] == row["academic_year"]]
        start = (
            f"impact|{row['programme']}/{row['pupil_group']}/{row['measure']}/bracket|n_programme_"
        )
        for found in _PARAGRAPH.findall(made.html):
            text = html.unescape(re.sub(r"<[^>]+>", "", found))
            if start not in found or "Averages of" not in text:
                continue
            where = f"averages: {row['programme']} {row['measure']}: {text[:160]!r}"
            for arm, side in (("programme", "programme"), ("rest", "comparison")):
                if arm not in now.index or now.at[arm, "figure_status"] != "shown":
                    continue
                n_schools = now.at[arm, "n_schools"] + now.at[arm, "n_schools_left_out"]
                is_other = n_schools != row[f"n_{side}_schools"]
                is_said = "compared or not" in text or "which are not those compared" in text
                if is_other and not is_said:
                    yield f"{where}: of {n_schools} schools, {row[f'n_{side}_schools']} compared"
                if now.at[arm, "n_schools_left_out"] > 0 and "tiny schools" not in text:
                    yield f"{where}: of all schools, {now.at[arm, 'n_schools_left_out']} left out"


def the_mark_is_explained(made: Made, _: Recount) -> Iterator[str]:
    """A document that prints [c] has it in its glossary."""
    for name, page in (("pack", made.html), ("report", made.report)):
        if "[c]" in page.replace("<dt>[c]</dt>", "") and "<dt>[c]</dt>" not in page:
            yield f"mark: the {name} prints [c] and its glossary does not explain it"


def reasons_are_true_of_all(made: Made, recount: Recount) -> Iterator[str]:
    """A reason given for all schools is true of all. An outcome never estimated is not called withheld."""
    counts = made.tables["school_count"]
    for _, row in _verdicts(made).iterrows():
        reason = str(row["verdict_reason"])
        stage = recount.files.about(row["measure"]).stage
        own = counts[(counts["programme"] == row["programme"]) & (counts["key_stage"] == stage)]
        said = reason.removeprefix("none of its schools can be compared: ")
        if said != reason and len(own) > 1 and said.count("(") != len(own):
            yield f"reasons: {row['programme']} {row['measure']}: {said!r} is not why all are left out"
        if reason.startswith("withheld") and len(own) and "compared" not in set(own["reason"]):
            yield f"reasons: {row['programme']} {row['measure']}: withheld, though no school is compared"


def verdicts_follow_from_figures(made: Made, recount: Recount) -> Iterator[str]:
    """Verdicts better and worse exclude zero; "no meaningful difference" stays within the smallest effect."""
    smallest = made.tables["measure"].set_index(["programme", "measure"])["smallest_effect"]
    for _, row in _verdicts(made).iterrows():
        low, high, verdict = row["ci_low"], row["ci_high"], row["verdict"]
        where = f"figures: {row['programme']} {row['measure']}: {verdict} of {low} to {high}"
        matters = smallest[row["programme"], row["measure"]]
        about = recount.files.about(row["measure"])
        if pd.isna(low):
            if verdict != "cannot_tell":
                yield f"{where}, without an interval"
            continue
        if not low <= row["estimate_low"] <= row["estimate_high"] <= high:
            yield f"{where} does not hold the estimate {row['estimate_low']} to {row['estimate_high']}"
        is_up = verdict == ("better" if about.is_higher_better else "worse")
        if verdict in ("better", "worse") and (low < 0 if is_up else high > 0):
            yield where
        if verdict == "no_meaningful_difference" and max(-low, high) > matters + about.half_step:
            yield f"{where}, where {matters} matters"


def nothing_published_is_awaited(made: Made, recount: Recount) -> Iterator[str]:
    """A result is called not yet published only where the study says so."""
    awaited = {
        (entry["measure"], entry["academic_year"])
        for entry in recount.files.protocol.get("not_yet_published", ())
    }
    for chart in made.charts:
        if "Year" not in chart.data or chart.name.startswith("authority_context"):
            continue
        measure = chart.name.split("-")[-1]
        for _, row in chart.data.iterrows():
            is_awaited = any("not yet published" in str(cell) for cell in row)
            if is_awaited and (measure, row["Year"]) not in awaited:
                yield f"awaited: {chart.name} {row['Year']} is said to be not yet published"


def gaps_are_differences(made: Made, _: Recount) -> Iterator[str]:
    """A printed gap equals other pupils' figure minus disadvantaged pupils' figure, as printed."""
    for chart in made.charts:
        if not chart.name.startswith("gap_by_year"):
            continue
        for _, row in chart.data.iterrows():
            others, target, gap = (
                _first(row[c]) for c in ("Other pupils", "Disadvantaged pupils", "Gap")
            )
            if None in (others, target, gap):
                continue
            if abs((others - target) - gap) > 1e-6:
                yield f"gap: {chart.name} {row['Year']}: {others} less {target} is not {gap}"


def charts_say_what_tables_say(made: Made, _: Recount) -> Iterator[str]:
    """Levels and counts in charts by year equal the released ones."""
    comparison = made.tables["comparison"]
    measures = made.tables["measure"]
    for chart in made.charts:
        if not chart.name.startswith("outcome_by_year-"):
            continue
        _, programme, measure = chart.name.split("-", 2)
        if not ((measures["programme"] == programme) & (measures["measure"] == measure)).any():
            continue
        rows = comparison[
            (comparison["programme"] == programme) & (comparison["measure"] == measure)
        ]
        group = made.tables["programme"].set_index("programme").at[programme, "target_group"]
        for _, drawn in chart.data.iterrows():
            arm = "rest" if drawn["Schools"].startswith(("Other", "other")) else "programme"
            row = rows[
                (rows["arm"] == arm) & (rows["academic_year"] == drawn["Year"])
                & (rows["pupil_group"] == group)
            ]  # fmt: skip
            printed = _first(drawn["Number of pupils"])
            if printed is not None and (
                len(row) != 1 or int(printed) != int(row["n_pupils"].iloc[0])
            ):
                yield f"charts: {chart.name} {arm} {drawn['Year']}: {printed} pupils"


def _first(text: object) -> float | None:
    """The first number in a cell; None if there is none, for example if it is withheld."""
    found = _NUMBER.search(str(text))
    return float(found[0].replace("−", "-").replace(",", "")) if found else None


CHECKS: tuple[Callable[[Made, Recount], Iterator[str]], ...] = (
    no_word_of_a_machine,
    verdicts_on_the_page,
    titles_of_charts,
    numbers_of_outcomes,
    coverage_adds_up,
    coverage_is_said,
    averages_are_of_the_compared,
    the_mark_is_explained,
    reasons_are_true_of_all,
    verdicts_follow_from_figures,
    nothing_published_is_awaited,
    gaps_are_differences,
    charts_say_what_tables_say,
)

"""docs/benchmarks.md, its figure and the scripts' last results, all from the tables in docs/benchmarks/."""

from __future__ import annotations

import ast
import re
import textwrap
from importlib import import_module
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from benchmarks._case import NAMES
from benchmarks._measure import LONG
from whypretrain.runtime import files

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
TABLES = DOCS / "benchmarks"
COLUMNS = ("peer", "peer_version", "ratio", "low", "high", "ours_s", "peer_s", "difference", "aim", "limit")
COLUMNS += ("ours_mib", "peer_mib")
SPENT = ("ours_s", "computing_s", "start_s")  # of a stage, with what they were
MOST_LINES = 8  # of a script's last result


def write_page() -> None:
    """Write the page, its figure, and the last result into each script's header."""
    from benchmarks._figure import draw

    with files.atomic(DOCS / "benchmarks.md") as temporary:
        temporary.write_text(page())
    draw(tables(), DOCS / "benchmarks.png")
    for name, table in tables().items():
        script = HERE / f"{name}.py"
        script.write_text(with_last_result(script.read_text(), table))


def tables() -> dict[str, pd.DataFrame]:
    """The measured tables in the order of the page."""
    return {name: pd.read_csv(path) for name in NAMES if (path := TABLES / f"{name}.csv").exists()}


def page() -> str:
    """The page's text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    found = tables()
    return environment.get_template("page.md.j2").render(
        sections=[section(name, table) for name, table in found.items() if name not in ("scaling", "stages")],
        curves=exponents(found["scaling"]) if "scaling" in found else [],
        scaling_claim=claim("scaling"),
        stages=stage_lines(found["stages"]) if "stages" in found else [],
        compared="stages" in found and "was_jobs" in found["stages"],
        longest=f"{LONG:g}",
        about=next(iter(found.values())).iloc[-1].to_dict(),
        measured={name: measured(found[name]) for name in ("scaling", "stages") if name in found},
    )


def section(name: str, table: pd.DataFrame) -> dict[str, Any]:
    """What the template needs of one script: its claim, a line for every case, and what is to be said about them."""
    table = table.reindex(columns=list(dict.fromkeys([*table.columns, *COLUMNS])))
    table["peer"] = table["peer"].fillna("")
    groups = table.groupby(["size", "peer"], sort=False)
    return {
        "name": name,
        "claim": claim(name),
        "met": met(table),
        "measured": measured(table),
        "lines": [line(size, peer, group) for (size, peer), group in groups],
        "missed": reasons(table, "misses", "why"),
        "differing": reasons(table, "peer differs", "note"),
        "remark": remark(name, table),
    }


def line(size: str, peer: str, group: pd.DataFrame) -> dict[str, str]:
    """One case: its times at the fewest threads, its ratios at all."""
    on_cpu = group[group["device"] == "CPU"]
    first = (on_cpu if len(on_cpu) else group).iloc[0]
    ratios = {(row["threads"] if row["device"] == "CPU" else "GPU"): ratio(row) for _, row in group.iterrows()}
    return {
        "size": size,
        "peer": peer_name(peer, first["peer_version"]),
        "ours": seconds(first["ours_s"]),
        "theirs": seconds(first["peer_s"]),
        "one": ratios.get(1, ""),
        "two": ratios.get(2, ""),
        "gpu": ratios.get("GPU", ""),
        "aim": aim(group),
        "difference": f"{first['difference']:.0e}" if first["difference"] == first["difference"] else "",
        "memory": memory(first),
    }


def peer_name(peer: str, version: object) -> str:
    """The peer with its package's name and version, if it has one."""
    if not isinstance(version, str):
        return peer
    return version if version.startswith(peer) else f"{peer} ({version})"


def ratio(row: pd.Series) -> str:
    """The ratio with its interval, or why there is none."""
    if row["verdict"] in ("peer differs", "peer absent"):
        return str(row["verdict"])
    if np.isnan(row["ratio"]):
        return ""
    interval = "" if np.isnan(row.get("low", np.nan)) else f" ({number(row['low'])}–{number(row['high'])})"
    return f"{number(row['ratio'])}{interval}"


def aim(group: pd.DataFrame) -> str:
    """The aim, and whether the case meets it at every number of threads."""
    first = group.iloc[0]
    wanted = f"≥ {number(first['aim'])}" if first["aim"] == first["aim"] else ""
    wanted = f"≤ {seconds(first['limit'])}" if first["limit"] == first["limit"] else wanted
    judged = set(group["verdict"].dropna()) & {"meets", "misses"}
    verdict = "missed" if "misses" in judged else "met" if judged else ""
    return f"{wanted}: {verdict}" if wanted and verdict else wanted


def memory(row: pd.Series) -> str:
    """Peak growth in MiB, ours and the peer's."""
    sides = [f"{row[key]:.0f}" for key in ("ours_mib", "peer_mib") if row[key] == row[key]]
    return " / ".join(sides)


def reasons(table: pd.DataFrame, verdict: str, column: str) -> list[str]:
    """The cases of a verdict, by the reason given."""
    chosen = table.reindex(columns=list(dict.fromkeys([*table.columns, column])))
    chosen = chosen[chosen["verdict"] == verdict].fillna({column: "no reason known"})
    found = []
    for reason, rows in chosen.groupby(column, sort=False):
        names = dict.fromkeys(rows["size"] + ", " + rows["peer"].fillna("our time"))
        found.append(f"{'; '.join(names)}: {reason}")
    return found


def exponents(table: pd.DataFrame) -> list[dict[str, str]]:
    """Slope of log cost over log size, for every curve."""
    found = []
    for curve, points in table.groupby("curve", sort=False):
        slope = np.polyfit(np.log(points["x"]), np.log(points["ours_s"]), 1)[0] if len(points) > 1 else np.nan
        ends = [f"{x:g}: {seconds(cost)}" for x, cost in points[["x", "ours_s"]].iloc[[0, -1]].to_numpy()]
        found.append({"curve": str(curve), "exponent": f"{slope:.2f}", "range": ", ".join(ends)})
    return found


def stage_lines(table: pd.DataFrame) -> list[dict[str, str]]:
    """Every stage's jobs and seconds, in brackets those of the run before."""
    found: list[dict[str, str]] = []
    for _, row in table.iterrows():
        values = {"jobs": str(row["jobs"])} | {key: f"{row[key]:.1f}" for key in (*SPENT, "import_s")}
        for key in ("jobs", *SPENT):
            was = row.get(f"was_{key}")
            values[key] += "" if pd.isna(was) else f" ({was:.0f})" if key == "jobs" else f" ({was:.1f})"
        found.append({**values, "stage": row["size"], "note": row["note"] if isinstance(row["note"], str) else ""})
    return found


def claim(name: str) -> str:
    """What a script's header says, up to its last result."""
    text = ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text())) or ""
    text = text.partition("\nLast result")[0].removeprefix("Claim: ").strip()
    return text[:1].upper() + text[1:]


def met(table: pd.DataFrame) -> str:
    """How many of the cases with an aim meet it, at every number of threads."""
    judged = table[table["verdict"].isin(["meets", "misses"])]
    cases = judged["verdict"].eq("meets").groupby([judged["size"], judged["peer"]]).all()
    return f"{cases.sum()} of {len(cases)}" if len(cases) else ""


def measured(table: pd.DataFrame) -> str:
    """Commits and days of the rows."""
    days = table[["commit", "date"]].dropna().drop_duplicates()
    return "; ".join(f"commit {row.commit}, {row.date}" for row in days.itertuples())


def remark(name: str, table: pd.DataFrame) -> str:
    """What a script says about its table beyond the rows."""
    module = import_module(f"benchmarks.{name}")
    return module.remark(table) if hasattr(module, "remark") else ""


def with_last_result(script: str, table: pd.DataFrame) -> str:
    """The script with the last result in its header: where, when, and what is aimed at or most of the ratios."""
    if "ratio" not in table or "Last result" not in script:
        return script
    rows = table[table["ratio"].notna() & (table["threads"] == 1)]
    rows = rows[rows["aim"].notna()] if rows["aim"].notna().any() else rows
    if rows.empty:
        return script
    first = rows.iloc[0]
    where = f"{first['date']}, commit {first['commit']}, {first['cpu']}, one thread"
    lines = [f"Last result ({where}): the peer's time over ours"]
    lines += [f"    {row['size']}, {row['peer']}: {ratio(row)}" for _, row in rows.head(MOST_LINES).iterrows()]
    if len(rows) > MOST_LINES:
        lines.append(f"    and {len(rows) - MOST_LINES} more in docs/benchmarks.md")
    text = "\n".join(textwrap.shorten(each, 105) if len(each) > 118 else each for each in lines)
    return re.sub(r"^Last result.*?(?=\n\n)", lambda _: text, script, count=1, flags=re.MULTILINE | re.DOTALL)


def seconds(value: float) -> str:
    """A time as people read it."""
    if np.isnan(value):
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{number(value / size)} {unit}"
    return f"{value:.1e} s"


def number(value: float) -> str:
    """Three digits that count, without an exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"

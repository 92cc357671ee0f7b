"""Results of benchmarks: beside those of an earlier run, and as a Markdown page.

Results are ``{name: {"date", "commit", "machine", "seconds", "failed", "rows"}}``: of a benchmark
its last run, and in `failed` None or what its script said when it ended early.
"""

from report import TIMES, shown


def change(row, earlier):
    """Return by what factor a value is better than an earlier one, None where neither is.

    Only ratios to peers tell: other figures depend on the machine, or have a bar alone.
    """
    if row["unit"] != TIMES or not (row["value"] and earlier["value"]):
        return None
    factor = row["value"] / earlier["value"]
    if ">" in row["bar"]:
        return factor
    return 1 / factor if "<" in row["bar"] else None


def compared(results, earlier, tolerance):
    """Return the results of some benchmarks with what each row was earlier and whether it fell."""
    out = {}
    for name, benchmark in results.items():
        before = {(row["title"], row["what"]): row for row in earlier.get(name, {}).get("rows", ())}
        rows = []
        for row in benchmark["rows"]:
            old = before.get((row["title"], row["what"]))
            factor = old and change(row, old)
            fell = factor is not None and factor < 1 - tolerance
            rows.append({**row, "earlier": old and old["value"], "fell": fell})
        out[name] = {**benchmark, "rows": rows}
    return out


def fallen(results):
    """Return a line for each row that fell, and for each benchmark that ended early."""
    lines = []
    for name, benchmark in results.items():
        if benchmark["failed"]:
            lines.append(f"{name} ended early: {benchmark['failed']}")
        lines += [f"{name}: {row['what']} fell" for row in benchmark["rows"] if row["fell"]]
    return lines


def markdown(results, names, tolerance):
    """Return the page: a table for each benchmark, and which of all `names` were never run."""
    lines = [
        "# Benchmarks",
        "",
        "By `python tests/benchmarks/run.py`; of each benchmark, its last run. Ratios to peers, in "
        f"'{TIMES}', are",
        f"compared with the run before: one that fell by more than {tolerance:.0%} is marked. "
        "Other figures are only shown.",
        "",
        "<!-- tables -->",
        "",
    ]
    missing = [name for name in names if name not in results]
    if missing:
        lines += [f"Not run yet: {', '.join(missing)}.", ""]
    for name in sorted(results):
        lines += _section(name, results[name])
    return "\n".join(lines)


def _section(name, benchmark):
    machine = benchmark["machine"]
    packages = ", ".join(f"{each} {version}" for each, version in machine["packages"].items())
    lines = [
        f"## {name}",
        "",
        f"{benchmark['date']}, commit {benchmark['commit']}, {benchmark['seconds']:.0f} s, "
        f"{machine['cores']} cores of {machine['cpu']}; Python {machine['python']}, {packages}.",
        "",
    ]
    if benchmark["failed"]:
        lines += [f"**Ended early**: {benchmark['failed']}", ""]
    title = None
    for row in benchmark["rows"]:
        if row["title"] != title:
            title = row["title"]
            lines += [
                f"### {title}",
                "",
                "| what | bar | measured | earlier | |",
                "|---|---|---|---|---|",
            ]
        lines.append(_line(row))
    return [*lines, ""]


def _line(row):
    measured, earlier = row["text"], ""
    if row["value"] is not None:
        text = f" ({row['text']})" if row["text"] else ""
        measured = shown(row["value"], row["unit"]) + text
    if row["earlier"] is not None:
        earlier = shown(row["earlier"])
        if row["value"] and row["unit"] == TIMES:
            earlier += f" ({row['value'] / row['earlier'] - 1:+.0%})"
    marks = ["ok" if row["met"] else "MISSED"] if row["met"] is not None else []
    marks += ["**FELL**"] if row["fell"] else []
    return f"| {row['what']} | {row['bar']} | {measured} | {earlier} | {' '.join(marks)} |"

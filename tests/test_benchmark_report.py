"""What benchmarks measure: bars, ratios beside those of an earlier run, the page."""

import json

import pytest
import report
import results
import run


def row(value, bar=">= 2", unit=report.TIMES, what="keras / skae"):
    return {
        "title": "Fit", "what": what, "bar": bar, "value": value, "text": "1.2 s", "unit": unit,
        "met": None if value is None else report.met(value, bar),
    }  # fmt: skip


def result(*rows, failed=None):
    machine = {"cpu": "a CPU", "cores": 2, "python": "3.11", "packages": {"numpy": "2.0"}}
    return {"date": "today", "commit": "abc", "machine": machine, "seconds": 3.0, "failed": failed,
            "rows": list(rows)}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "bar", "expected"),
    [
        (4.0, ">= 4", True),
        (3.9, ">= 4", False),
        (0.04, "<= .0408, PCA's", True),
        (60.0, "<= 50 ms", False),
        (-0.004, "gain >= -0.005", True),
        (1.0, "reported", None),
    ],
)
def test_bars(value, bar, expected):
    assert report.met(value, bar) is expected


def test_a_row_is_printed_and_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BENCHMARK_RECORDS", str(tmp_path / "records"))
    report.head("Fit")
    report.row("keras / skae", ">= 4", 3.14159, "1.2 s", report.TIMES)
    report.row("PyOD", "reported", "not installed")
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "| keras / skae | >= 4 | 3.142 times (1.2 s) MISSED |",
        "| PyOD | reported | not installed |",
    ]
    entries = [json.loads(line) for line in (tmp_path / "records").read_text().splitlines()]
    first, second = run.titled(entries)
    assert (first["title"], first["value"], first["met"]) == ("Fit", 3.14159, False)
    assert (second["value"], second["text"]) == (None, "not installed")


@pytest.mark.parametrize(
    ("bar", "before", "now", "fell"),
    [
        (">= 2", 4.0, 2.9, True),
        (">= 2", 4.0, 3.1, False),
        (">= 2", 4.0, 9.0, False),
        ("<= 1.5", 1.0, 1.4, True),
        ("<= 1.5", 1.0, 1.2, False),
        ("reported", 1.0, 9.0, False),
    ],
)
def test_a_ratio_that_fell_is_marked(bar, before, now, fell):
    new = results.compared({"fit": result(row(now, bar))}, {"fit": result(row(before, bar))}, 0.25)
    assert new["fit"]["rows"][0]["fell"] is fell
    assert new["fit"]["rows"][0]["earlier"] == before
    assert bool(results.fallen(new)) is fell
    assert ("**FELL**" in results.markdown(new, ["fit"], 0.25)) is fell


def test_times_and_rows_without_an_earlier_value_are_only_shown():
    rows = row(9.0, "<= 1 s", "s", "import"), row(None), row(5.0, what="new")
    old = row(1.0, "<= 1 s", "s", "import"), row(1.0)
    new = results.compared({"use": result(*rows)}, {"use": result(*old)}, 0.25)
    assert results.fallen(new) == []
    page = results.markdown(new, ["use"], 0.25)
    assert "| import | <= 1 s | 9 s (1.2 s) | 1 | MISSED |" in page
    assert "| new | >= 2 | 5 times (1.2 s) |  | ok |" in page


def test_the_page_tells_what_failed_and_what_was_not_run():
    new = results.compared({"fit": result(row(4.0), failed="No module named 'torch'")}, {}, 0.25)
    assert results.fallen(new) == ["fit ended early: No module named 'torch'"]
    page = results.markdown(new, ["fit", "memory"], 0.25)
    assert "Not run yet: memory." in page
    assert "**Ended early**: No module named 'torch'" in page
    assert "| keras / skae | >= 2 | 4 times (1.2 s) |  | ok |" in page


def test_every_script_is_found_and_what_is_said_of_them_holds():
    assert {"speed_fit", "memory", "quality"} <= set(run.names())
    assert {*run.QUICK, *run.ARGUMENTS} <= set(run.names())
    assert not {"run", "report", "results", "peers"} & set(run.names())

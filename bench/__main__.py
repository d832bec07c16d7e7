"""``python -m bench``: measure, print the table, write ``bench/out/results.json``.

Exit code 0 when everything could be measured, met or missed; 1 when a measurement
failed, or when both sides do not return the same values (nothing is measured then).
"""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import ingesting, pages, pieces, report
from bench.goals import GOALS, PAGES, judge
from bench.rounds import Measured, Site
from bench.sizes import FULL, SMOKE
from bench.values import Differ
from bench.worker import Worker, canned_server, worker

OUT = Path(__file__).parent / "out"
POSTGRES = "postgresql://postgres@127.0.0.1:5432/test"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small counts: it works")
    parser.add_argument(
        "--ten-million", action="store_true", help="G11 over 10 million mails as well"
    )
    parser.add_argument("--pages", action="store_true", help="the pages, nothing else")
    parser.add_argument("--profile", action="store_true", help="our hot spots as well")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for results.json")
    parser.add_argument(
        "--postgres",
        default=os.environ.get("MAILSYNC_TEST_POSTGRES", POSTGRES),
        help="a server on which databases may be made",
    )
    return parser.parse_args()


class _Run:
    """One run: phases one after the other, each with its time; failures are kept."""

    def __init__(self) -> None:
        self.total = Measured()
        self.failed: list[str] = []

    def phase(self, title: str, measure: Callable[[], Measured]) -> None:
        """Measure; a failure is told and does not stop the others."""
        begin = time.perf_counter()
        _say(f"{title} …")
        try:
            self.total.add(measure())
        except Differ:
            raise
        except Exception:
            self.failed.append(title)
            traceback.print_exc()
        _say(f"{title}: {time.perf_counter() - begin:.0f} s")


def _say(text: str) -> None:
    print(text, flush=True)


def _measure(
    run: _Run, site: Site, ours: Worker, stock: Worker, given: argparse.Namespace
) -> None:
    if not given.pages:
        _measure_ingest(run, site, ours, stock, given)
    run.phase("pages", lambda: pages.measure(site, given.postgres))


def _measure_ingest(
    run: _Run, site: Site, ours: Worker, stock: Worker, given: argparse.Namespace
) -> None:
    crowds = (*site.sizes.crowds, *((10_000_000,) if given.ten_million else ()))
    run.phase("both sides say the same", lambda: ingesting.equality(site, ours, stock))
    run.phase("ingest", lambda: ingesting.ingest(site, ours, stock))
    run.phase("parse", lambda: pieces.parse(site, ours, stock))
    run.phase("empty polls", lambda: pieces.empty_polls(site, ours))
    run.phase("50 ms per answer", lambda: ingesting.latency(site, ours))
    run.phase("PostgreSQL", lambda: ingesting.postgres(site, ours, given.postgres))
    run.phase("a quiet daemon", lambda: pieces.quiet_daemon(site))
    run.phase("link decisions", lambda: pieces.decisions(site, crowds))
    run.phase("a long ingest", lambda: ingesting.growth(site))


def main() -> int:
    """One run; the exit code."""
    given = _arguments()
    sizes = SMOKE if given.smoke else FULL
    run, before, begin = _Run(), report.load(), time.perf_counter()
    given.out.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(dir=given.out, prefix="work-") as folder,
        canned_server() as server,
        worker("bench.ours") as ours,
        worker("bench.stock") as stock,
    ):
        site = Site(server, Path(folder), sizes)
        about = {
            "smoke": given.smoke,
            "machine": report.machine(),
            "versions": {**stock.ask("about"), **ours.ask("about")},
            "load_before": before,
        }
        try:
            _measure(run, site, ours, stock, given)
        except Differ as differ:
            _say(f"the two sides differ, nothing was measured: {differ}")
            return 1
        if given.profile and not given.pages:
            _say(
                ours.ask(
                    "profile",
                    name="main",
                    endpoint=site.endpoint("mix", sizes.upto),
                    folder=folder,
                    lines=40,
                )
            )
    about["load_after"] = report.load()
    about["seconds"] = round(time.perf_counter() - begin)
    about["skipped"], about["failed"] = run.total.skipped, run.failed
    goals = PAGES if given.pages else (*GOALS, *PAGES)
    lines = judge(run.total.figures, run.total.skipped, goals)
    figures, details = run.total.figures, run.total.details
    document = report.document(lines, figures, details, about, datetime.now(UTC))
    report.write(given.out / "results.json", document)
    _say(f"\n{report.listing(figures)}\n{pages.table(details)}")
    _say(f"\n{report.table(lines)}\n")
    for name, why in run.total.skipped.items():
        _say(f"skipped: {name}: {why}")
    _say(f"{about['seconds']} s, load {before} → {about['load_after']}")
    _say("simulated Exchange: canned answers over loopback HTTP, no TLS, no NTLM")
    for title in run.failed:
        _say(f"FAILED: {title}")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())

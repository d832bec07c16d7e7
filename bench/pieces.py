"""What the pieces cost: one GetItem, a poll that brings nothing, one link decision."""

from collections.abc import Sequence
from functools import partial
from statistics import median
from typing import Any

from bench import answers, idle
from bench.rounds import MS, Measured, Site, in_turn, per_message
from bench.worker import Worker, worker


def parse(site: Site, ours: Worker, stock: Worker) -> Measured:
    """GetItem of 100 mails: direct lxml, ours, exchangelib as it ships."""
    measured = Measured()
    for flavour in ("html", "plain"):
        times = site.sizes.parse_times
        sides = {
            "direct": partial(_getitem, site, ours, "parse_direct", flavour, times),
            "ours": partial(_getitem, site, ours, "parse", flavour, times),
            "stock": partial(
                _getitem, site, stock, "parse", flavour, site.sizes.stock_times
            ),
        }
        found = in_turn(site.sizes.rounds, sides)
        cost = {name: per_message(one) for name, one in found.items()}
        measured.figures |= {
            f"parse_{flavour}_ours_to_direct": cost["ours"] / cost["direct"],
            f"parse_{flavour}_stock_to_ours": cost["stock"] / cost["ours"],
        }
        measured.details[f"getitem_{site.sizes.parsed}_{flavour}_ms"] = cost
    return measured


def _getitem(
    site: Site, side: Worker, command: str, flavour: str, times: int
) -> dict[str, Any]:
    """The CPU of one whole GetItem, as if it were one message."""
    count = site.sizes.parsed
    seconds = side.ask(
        command,
        endpoint=site.endpoint(flavour, count),
        ids=[answers.item_id(number) for number in range(count)],
        html=flavour == "html",
        times=times,
    )
    return {"messages": 1, "cpu": seconds}


def empty_polls(site: Site, ours: Worker) -> Measured:
    """Polls that bring nothing."""
    sizes = site.sizes
    found = [
        ours.ask(
            "empty_polls",
            name="main",
            endpoint=site.endpoint("mix", sizes.old),
            folder=str(site.folder),
            times=sizes.empty_polls,
        )
        for _ in range(sizes.rounds)
    ]
    return Measured(
        {
            "empty_poll_cpu_ms": median(one["poll"] for one in found) * MS,
            "empty_request_cpu_ms": median(one["request"] for one in found) * MS,
        }
    )


def quiet_daemon(site: Site) -> Measured:
    """The daemon with many mailboxes in which nothing happens."""
    sizes = site.sizes
    found = idle.measure(
        site.server, site.folder, sizes.mailboxes, sizes.poll_every, sizes.window
    )
    return Measured(
        {
            "idle_rss_mb": found["rss_mb"],
            "idle_cpu_ms_per_folder": found["cpu_ms_per_folder"],
            "requests_per_empty_poll": found["requests_per_folder"],
            "bytes_per_empty_poll": found["bytes_per_folder"],
        },
        {"idle": found},
    )


def decisions(site: Site, crowds: Sequence[int]) -> Measured:
    """The link decision over databases of these sizes."""
    sizes = site.sizes
    with worker("bench.decisions") as one:
        found = [
            one.ask(
                "measure",
                folder=str(site.folder),
                rows=rows,
                samples=sizes.decisions,
                pages=sizes.pages,
            )
            for rows in crowds
        ]
    least, most = found[0], found[-1]
    figures = {
        f"decision_{name}_us": most[name]
        for name in ("page_p50", "page_p99", "alone_p50", "alone_p99", "linked_p50")
    }
    figures["decision_growth"] = most["page_p50"] / least["page_p50"]
    figures["decision_rows"] = most["rows"]
    return Measured(figures, {"decisions": found})

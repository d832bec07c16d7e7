"""What ingest costs: the values both sides return, whole polls, memory, PostgreSQL.

Every function gives flat figures (what the goals look at) and the details behind them.
"""

from statistics import linear_regression, median
from typing import Any

from bench import values
from bench.rounds import MS, Measured, Once, Site, in_turn, per_message, spread
from bench.worker import Worker, worker


def equality(site: Site, ours: Worker, stock: Worker) -> Measured:
    """Both sides return the same; raises values.Differ if not."""
    endpoint = site.endpoint("mix", site.sizes.compared)
    mails, compared = values.agreed(
        ours.ask("read", endpoint=endpoint), stock.ask("read", endpoint=endpoint)
    )
    return Measured({"compared_messages": mails, "compared_values": compared})


def _best_chunk(site: Site, stock: Worker) -> int:
    """The chunk size with which exchangelib is cheapest here."""
    endpoint = site.endpoint("mix", site.sizes.stock)
    costs = {
        chunk: stock.ask("ingest", endpoint=endpoint, page=512, chunk=chunk)["cpu"]
        for chunk in site.sizes.tried_chunks
    }
    return min(costs, key=lambda chunk: costs[chunk])


def ingest(site: Site, ours: Worker, stock: Worker) -> Measured:
    """Our whole ingest, exchangelib's reading, the bare prototype: three flavours."""
    sizes, folder = site.sizes, str(site.folder)
    made = ours.ask(
        "prepare",
        name="main",
        endpoint=site.endpoint("mix", sizes.old),
        folder=folder,
    )
    chunk = _best_chunk(site, stock)

    def our(flavour: str, **more: Any) -> Once:
        endpoint = site.endpoint(flavour, sizes.upto)
        return lambda: ours.ask(
            "ingest", name="main", endpoint=endpoint, folder=folder, **more
        )

    def their(flavour: str, page: int, size: int) -> Once:
        endpoint = site.endpoint(flavour, sizes.stock)
        return lambda: stock.ask("ingest", endpoint=endpoint, page=page, chunk=size)

    def bare() -> dict[str, Any]:
        endpoint = site.endpoint("mix", sizes.upto)
        found: dict[str, Any] = ours.ask(
            "bare", endpoint=endpoint, folder=folder, begin=sizes.old
        )
        return found

    our("mix", check=True)()  # warm; and the database is checked once
    bare()
    found = in_turn(
        sizes.rounds,
        {
            "ours mix": our("mix"),
            "stock mix, default chunks": their("mix", 100, 100),
            "stock mix, best chunks": their("mix", 512, chunk),
            "prototype mix": bare,
            "ours plain": our("plain"),
            "stock plain": their("plain", 512, chunk),
            "ours html": our("html"),
            "stock html": their("html", 512, chunk),
            "ours mix, pages of 256": our("mix", page=256),
        },
    )
    return _judged(found, chunk, made)


def _judged(
    found: dict[str, list[dict[str, Any]]], chunk: int, made: dict[str, int]
) -> Measured:
    mix = found["ours mix"]
    cpu = per_message(mix)
    stock = min(
        per_message(found[f"stock mix, {which} chunks"])
        for which in ("default", "best")
    )
    bare = per_message(found["prototype mix"])
    adapter = per_message(mix, "sync") + per_message(mix, "fetch")
    figures = {
        "ingest_cpu_ms_per_message": cpu,
        "ingest_with_content_cpu_ms_per_message": per_message(mix, "whole"),
        "ingest_adapter_cpu_ms_per_message": adapter,
        "ingest_crm_cpu_ms_per_message": cpu - adapter,
        "ingest_and_index_cpu_ms_per_message": per_message(mix, "indexed"),
        "indexed_messages_per_cpu_second": MS / per_message(mix, "indexed"),
        "stock_fetch_cpu_ms_per_message": stock,
        "ingest_share_of_stock": cpu / stock,
        "prototype_cpu_ms_per_message": bare,
        "ingest_over_prototype_percent": (cpu / bare - 1) * 100,
        "ingest_messages_per_second": median(
            one["messages"] / one["wall"] for one in mix
        ),
        "ingest_linked_percent": median(o["linked"] / o["messages"] for o in mix) * 100,
        "stock_best_chunk": chunk,
    }
    for flavour in ("plain", "html"):
        one, other = found[f"ours {flavour}"], found[f"stock {flavour}"]
        figures[f"ingest_share_of_stock_{flavour}"] = per_message(one) / per_message(
            other
        )
    table = {
        name: {"cpu_ms": per_message(one), "from_to": spread(one)}
        for name, one in found.items()
    }
    return Measured(figures, {"ingest": table, "before": made})


def latency(site: Site, ours: Worker) -> Measured:
    """Messages per second by the clock where every answer takes 50 ms."""
    sizes = site.sizes
    endpoint = site.endpoint("mix", sizes.old + sizes.slow, 50)
    found = [
        ours.ask("ingest", name="main", endpoint=endpoint, folder=str(site.folder))
        for _ in range(min(3, sizes.rounds))
    ]
    speed = median(one["messages"] / one["wall"] for one in found)
    return Measured({"ingest_messages_per_second_at_50_ms": speed})


def growth(site: Site) -> Measured:
    """Resident memory over a long ingest, in a process that does nothing else."""
    sizes = site.sizes
    with worker("bench.ours") as fresh:
        found = fresh.ask(
            "grow",
            endpoint=site.endpoint("mix", sizes.growth),
            folder=str(site.folder),
            every=sizes.growth_every,
        )
    samples = found["samples"]
    settled = samples[2:]  # caches are filled by then
    slope, _ = linear_regression([n for n, _mb in settled], [mb for _n, mb in settled])
    return Measured(
        {
            "rss_mb_after_100k": samples[-1][1],
            "rss_mb_highest": max(
                *(mb for _n, mb in samples), found["rss_after_index"]
            ),
            "rss_mb_growth_per_10k": slope * 10_000,
            "rss_messages": found["messages"],
            "bytes_per_message": found["bytes"],
            "text_bytes_per_message": found["text_bytes"],
            "growth_cpu_ms_per_message": found["cpu"] / found["messages"] * MS,
            "growth_messages_per_second": found["messages"] / found["wall"],
        },
        {"rss_samples": samples},
    )


def postgres(site: Site, ours: Worker, server: str) -> Measured:
    """The same ingest into PostgreSQL; skipped visibly without one."""
    import psycopg

    try:
        psycopg.connect(server, connect_timeout=3).close()
    except psycopg.OperationalError as absent:
        why = f"no PostgreSQL at {server.rpartition('@')[2]}: {type(absent).__name__}"
        return Measured(skipped={"postgres": why})
    sizes, folder = site.sizes, str(site.folder)
    ours.ask(
        "prepare",
        name="postgres",
        endpoint=site.endpoint("mix", sizes.old),
        folder=folder,
        postgres=server,
    )
    endpoint = site.endpoint("mix", sizes.old + sizes.postgres)
    try:
        found = [
            ours.ask("ingest", name="postgres", endpoint=endpoint, folder=folder)
            for _ in range(sizes.rounds)
        ]
    finally:
        ours.ask("forget", name="postgres")
    return Measured(
        {
            "postgres_cpu_ms_per_message": per_message(found),
            "postgres_messages_per_second": median(
                one["messages"] / one["wall"] for one in found
            ),
        }
    )

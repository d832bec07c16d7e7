"""Print the scenario as lines of JSON: the company, the past, the story, every day.

The last part has no end; whoever has read enough closes the pipe.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from exchange_sandbox.scenario.daily import daily
from exchange_sandbox.scenario.events import end_line, mailbox_line, person_line
from exchange_sandbox.scenario.past import past
from exchange_sandbox.scenario.people import MAILBOXES, PEOPLE
from exchange_sandbox.scenario.story import story


def lines(seed: int, start: datetime, pace: timedelta) -> Iterator[str]:
    """Yield everything, without end; equal arguments give equal lines."""
    yield from map(mailbox_line, MAILBOXES)
    yield from map(person_line, PEOPLE)
    before, unsaid = past(seed, start)
    yield from (mail.as_line() for mail in before)
    yield end_line("past")
    scripted = story(seed, start, pace)
    yield from (mail.as_line() for mail in scripted)
    yield end_line("story")
    first = start + (len(scripted) + 1) * pace
    yield from (mail.as_line() for mail in daily(seed, unsaid, first, pace))


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def main(arguments: list[str] | None = None) -> int:
    """Print until the reader has enough; 0 then, 2 for options that make no sense."""
    parser = argparse.ArgumentParser(prog="python -m exchange_sandbox.scenario")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--start", type=_instant, required=True, metavar="INSTANT")
    parser.add_argument("--pace", type=float, default=180.0, metavar="SECONDS")
    options = parser.parse_args(arguments)
    pace = timedelta(seconds=options.pace)
    start = options.start.astimezone(UTC).replace(microsecond=0)
    try:
        for line in lines(options.seed, start, pace):
            print(line)
    except BrokenPipeError:  # enough was read; nothing is left to flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

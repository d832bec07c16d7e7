"""The number of an entry as people write it: ``1042``, ``CRM-1042``, ``[CRM-1042]``."""

import re

import click

_WRITTEN = re.compile(r"\[?(?:[A-Za-z]+-)?([0-9]{1,15})\]?")


class EntryNumber(click.ParamType[int]):
    """Whatever prefix it is written with: it is the number that counts."""

    name = "integer"

    def convert(
        self,
        value: str | int,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int:
        """Fails with the place and an example for anything else."""
        found = _WRITTEN.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"{value!r}: 1042 / CRM-1042", param, ctx)
        return int(found[1])


ENTRY_NUMBER = EntryNumber()

"""How many statements something sends to the database."""

from collections.abc import Callable
from typing import Any

from crm_core import database


def counted(act: Callable[[], object]) -> int:
    """Run it; the number of statements."""
    bound = database.proxy.obj
    real = bound.execute_sql
    seen: list[str] = []

    def counting(sql: str, *values: Any, **options: Any) -> Any:
        seen.append(sql)
        return real(sql, *values, **options)

    bound.execute_sql = counting
    try:
        act()
    finally:
        del bound.execute_sql
    return len(seen)

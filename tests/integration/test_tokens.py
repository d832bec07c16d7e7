"""API tokens: how long they last, and that a revoked one opens nothing."""

from datetime import timedelta

import pytest

from crm_core import clock
from crm_core.access import accounts
from crm_core.database import transaction
from crm_core.errors import Invalid, NotFound
from crm_core.models import Account, ApiToken, TokenScope

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def account() -> Account:
    with transaction():
        return accounts.create("erp", actor="test")


def made(account: Account, **more: timedelta) -> str:
    with transaction():
        return accounts.create_token(
            "ERP", TokenScope.READ, account, actor="test", **more
        )


def test_a_token_lasts_90_days_unless_said_otherwise(account: Account) -> None:
    made(account)
    made(account, lasts=timedelta(days=7))
    first, second = ApiToken.select().order_by(ApiToken.id)
    assert first.expires_at - first.created_at == timedelta(days=90)
    assert second.expires_at - second.created_at == timedelta(days=7)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_lasts_a_year_at_most(account: Account, days: int) -> None:
    with pytest.raises(Invalid):
        made(account, lasts=timedelta(days=days))


def test_a_revoked_token_opens_nothing(account: Account) -> None:
    value = made(account)
    found = accounts.find_token(value)
    assert found is not None
    with transaction():
        accounts.revoke_token(found.id, actor="test")
    assert accounts.find_token(value) is None
    assert ApiToken.get().revoked_at <= clock.now()
    with pytest.raises(NotFound), transaction():
        accounts.revoke_token(found.id, actor="test")

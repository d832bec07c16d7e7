"""Who may sign in, what groups may do, and the keys programs use.

Nothing here can be used as it stands: passwords are argon2 hashes, session and token
values are stored as SHA-256 of 256 random bits.
"""

from enum import StrEnum

from peewee import ForeignKeyField, IntegerField, TextField

from crm_core.fields import EnumField, FlagField, UtcDateTimeField
from crm_core.models.base import Row
from crm_core.models.staff import Employee, StaffGroup


class Right(StrEnum):
    """What a staff group may do beyond reading and writing entries."""

    ASSIGN_TASKS = "assign_tasks"
    MASTER_DATA = "master_data"  # addresses, import
    DELETE = "delete"
    EXPORT = "export"
    ADMINISTRATION = "administration"  # mailboxes, taxonomy, users, tokens, log


class GroupRight(Row):
    """One right of one staff group; no row = no right."""

    staff_group = ForeignKeyField(StaffGroup, backref="rights", on_delete="CASCADE")
    staff_group_id: int
    right = EnumField(Right)

    class Meta:
        """Once per pair."""

        indexes = ((("staff_group", "right"), True),)


class Account(Row):
    """A person's sign-in. ``failures`` and ``next_try_at`` make guessing slow."""

    employee = ForeignKeyField(Employee, unique=True, backref="accounts")
    login = TextField(unique=True)
    password_hash = TextField(null=True)  # null: signs in by OpenID Connect only
    subject = TextField(null=True, unique=True)  # the OpenID Connect subject
    language = TextField(default="de")
    shortcuts = FlagField(default=True)
    active = FlagField(default=True)
    failures = IntegerField(default=0)
    next_try_at = UtcDateTimeField(null=True)
    signed_in_at = UtcDateTimeField(null=True)  # the last time
    created_at = UtcDateTimeField()


class WebSession(Row):
    """A signed-in browser; ending it is deleting the row.

    ``view_as`` is whose rights an administrator tries on («staff_group:3»).
    """

    account = ForeignKeyField(Account, backref="sessions", on_delete="CASCADE")
    key_hash = TextField(unique=True)
    form_key = TextField()  # what every form of this session must carry
    started_at = UtcDateTimeField()
    seen_at = UtcDateTimeField()
    proved_at = UtcDateTimeField()  # when the password was last typed
    remembered = FlagField(default=False)
    user_agent = TextField(default="")
    view_as = TextField(null=True)


class TokenScope(StrEnum):
    """What an API token may do."""

    READ = "read"
    WRITE = "write"


class ApiToken(Row):
    """A program's key; it acts as its account, never beyond."""

    account = ForeignKeyField(Account, backref="tokens", on_delete="CASCADE")
    name = TextField()
    key_hash = TextField(unique=True)
    scope = EnumField(TokenScope)
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    used_at = UtcDateTimeField(null=True)
    revoked_at = UtcDateTimeField(null=True)


class CalendarFeed(Row):
    """A person's ICS address; ``busy_only`` hides what the tasks are."""

    account = ForeignKeyField(Account, backref="feeds", on_delete="CASCADE")
    key_hash = TextField(unique=True)
    busy_only = FlagField(default=False)
    created_at = UtcDateTimeField()


class IdempotencyKey(Row):
    """The answer already given to a repeated POST of the API."""

    token = ForeignKeyField(ApiToken, on_delete="CASCADE")
    key = TextField()
    request_hash = TextField()
    status = IntegerField()
    answer = TextField()
    at = UtcDateTimeField(index=True)

    class Meta:
        """Once per token."""

        indexes = ((("token", "key"), True),)

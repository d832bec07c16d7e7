"""Everything a scene needs: the mail to come, the sandbox, the CRM, what happened.

The CRM is used through the commands of the product, in this process, exactly as
somebody would type them; ``crm`` returns what they print.
"""

import contextlib
import io
import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_core import database
from mailsync.demo.children import Children
from mailsync.demo.company import NOT_INFORMED, database_url
from mailsync.demo.facts import Records, read_records
from mailsync.demo.feed import Feed, StoryMail
from mailsync.demo.outside import Outside
from mailsync.demo.voice import Voice

CommandLine = Callable[[Sequence[str]], int]


class NotPossible(RuntimeError):
    """A scene cannot take place because one before it has not ended as it must."""


class CommandFailed(NotPossible):
    """A command of the CRM did not end with 0; it has said why on stderr."""


@dataclass(slots=True)
class Stage:
    """The state of the play. ``entries`` and ``tasks`` are numbers by our names."""

    voice: Voice
    feed: Feed
    outside: Outside
    children: Children
    folder: Path
    command_line: CommandLine
    entries: dict[str, int] = field(default_factory=dict)
    addresses: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, int] = field(default_factory=dict)
    delivered: list[StoryMail] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)  # typed in this scene
    private: set[str] = field(default_factory=set)  # names of mails nobody may keep
    pages: str = ""  # where the web process serves

    def crm(self, *words: str) -> dict[str, Any]:
        """Run a command with ``--json``; its object. Raises CommandFailed."""
        result: dict[str, Any] = json.loads(self.quietly(*words, "--json"))
        return result

    def quietly(self, *words: str) -> str:
        """Run a command; what it printed. Raises CommandFailed."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = self.command_line(words)
        if code != 0:
            raise CommandFailed(f"mailsync {shlex.join(words)}: exit {code}")
        return output.getvalue()

    def typed(self, *words: str) -> dict[str, Any]:
        """Run a command that shall be shown."""
        self.commands.append(shlex.join(words))
        return self.crm(*words)

    def number(self, entry: str) -> int:
        """The number of an entry of the plot; raises NotPossible if there is none."""
        if entry not in self.entries:
            raise NotPossible(f"no entry «{entry}»")
        return self.entries[entry]

    def task(self, name: str) -> str:
        """The id of a task of the plot; raises NotPossible if there is none."""
        if name not in self.tasks:
            raise NotPossible(f"no task «{name}»")
        return str(self.tasks[name])

    @contextlib.contextmanager
    def database(self) -> Iterator[None]:
        """The database, bound for reading."""
        database.connect(database_url(self.folder))
        try:
            yield
        finally:
            database.close()

    def records(self) -> Records:
        """What is stored about mail now."""
        with self.database():
            return read_records()

    def deliver(self, mail: StoryMail) -> None:
        """Let a mail arrive, with the numbers its writer knows from the CRM."""
        mime = mail.mime
        for name, number in self.entries.items():
            mime = mime.replace(b"{{%s}}" % name.encode(), str(number).encode())
        self.outside.deliver(mail, mime)
        self.delivered.append(mail)

    def kept(self) -> list[StoryMail]:
        """The delivered mails of which mailsync must keep a record."""
        return [
            mail
            for mail in self.delivered
            if mail.name not in self.private and self.read_places(mail)
        ]

    def truth(self) -> dict[str, str]:
        """Which thread each of them belongs to, by Message-ID."""
        return {mail.message_id: mail.thread for mail in self.kept()}

    def read_places(self, mail: StoryMail) -> list[str]:
        """Where a mail lies, without the mailboxes that may not be read."""
        return [place for place in mail.places if place != self.not_informed]

    @property
    def not_informed(self) -> str:
        """The mailbox of the person who is not informed yet."""
        return self.mailbox(NOT_INFORMED)

    def mailbox(self, key: str) -> str:
        """The address of a mailbox."""
        return next(one.address for one in self.feed.mailboxes if one.key == key)

"""Composition root: the console script ``mailsync``. Decides nothing.

It names where each command lives; the command is imported when it is called.
Without a command the daemon runs.
"""

from mailsync.commands.root import root

COMMANDS = {
    "run": "mailsync.commands.service:run",
    "sync-once": "mailsync.commands.service:sync_once",
    "status": "mailsync.commands.service:status",
    "demo": "mailsync.commands.demo:demo",
    "migrate": "mailsync.commands.administration:migrate",
    "backup": "mailsync.commands.administration:backup",
    "check-config": "mailsync.commands.administration:check_config",
    "verify": "mailsync.commands.administration:verify",
    "quarantine": "mailsync.commands.quarantine:quarantine",
    "export": "mailsync.commands.privacy:export",
    "erase": "mailsync.commands.privacy:erase",
    "taxonomy": "mailsync.commands.administration:taxonomy",
    "employee": "mailsync.commands.addresses:employee",
    "address": "mailsync.commands.addresses:address",
    "entry": "mailsync.commands.entries:entry",
    "task": "mailsync.commands.tasks:task",
    "web": "crm_web.commands:web",
    "user": "crm_web.commands:user",
    "token": "crm_web.commands:token",
}

cli = root(COMMANDS, default="run")


def main() -> None:
    """The console script; exits with 0, 1 (failed) or 2 (usage or configuration)."""
    cli(prog_name="mailsync")


if __name__ == "__main__":
    main()

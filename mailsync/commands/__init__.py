"""The command line: parse → service → print. One file per group of commands.

    root         global options, lazy loading, the one place where errors become exits
    invocation   configuration and database of one command, language, printing
    words        the German of every sentence and help text
    addresses entries tasks staff taxonomy    the CRM
    service quarantine export                 the daemon and its administration

Exit codes: 0 ok, 1 failed, 2 usage or configuration. ``--json`` prints exactly one JSON
object on stdout; errors go to stderr. Nothing here decides anything, and nothing here
imports exchangelib, APScheduler or structlog before a command needs them.
"""

"""What an administrator may say, and nothing else. Imports none of our packages.

``load(directory)`` reads service.yaml, mailboxes.yaml and, where it is there,
taxonomy.yaml, and returns a frozen ``Config`` or raises ``ConfigError`` with every
problem of all three files as file:line:column, a sentence and a guess.

    yaml_tree -> document      text to a tree with places; secrets masked
    values -> schema           kinds of value, models, defaults
    reading, *_checks, checks  what must fit together
    loader -> resolved         all of it, at once; plain values out
    messages, rendering        the sentences, in German and English
    secrets                    passwords from credential, private file, environment
    watch, last_good           when to reload, and what stays if that fails
    json_schema                files for editors (python -m config.json_schema)
"""

from config.loader import load
from config.problems import ConfigError, Problem
from config.rendering import render
from config.resolved import Config, EffectiveMailbox
from config.schema import (
    KeywordsConfig,
    LimitsConfig,
    LoggingConfig,
    MailboxConfig,
    SecretRef,
    ServerConfig,
    ServiceConfig,
    SubtagConfig,
    TagConfig,
    TagGroupConfig,
    Taxonomy,
)
from config.secrets import database_url, read_secret

__all__ = [
    "Config",
    "ConfigError",
    "EffectiveMailbox",
    "KeywordsConfig",
    "LimitsConfig",
    "LoggingConfig",
    "MailboxConfig",
    "Problem",
    "SecretRef",
    "ServerConfig",
    "ServiceConfig",
    "SubtagConfig",
    "TagConfig",
    "TagGroupConfig",
    "Taxonomy",
    "database_url",
    "load",
    "read_secret",
    "render",
]

"""The smallest configuration of a company, written into a folder."""

import json
from pathlib import Path
from typing import Any

SALES, KELLER = "verkauf@werft.example", "keller@werft.example"


def mailboxes(endpoint: str, secret: Path) -> dict[str, Any]:
    return {
        "servers": {
            "main": {
                "backend": "ews",
                "endpoint": endpoint,
                "auth": "basic",
                "access": "impersonation",
                "login": "svc",
                "password": {"file": str(secret)},
            }
        },
        "internal_domains": ["werft.example"],
        "mailboxes": [
            {"address": SALES, "kind": "shared", "keep": "all"},
            {
                "address": KELLER,
                "kind": "person",
                "informed": "2026-01-05",
                "tasks": True,
                "calendar": True,
                "staff_groups": ["Administration"],
            },
        ],
    }


TAXONOMY = {
    "groups": [
        {
            "key": "verkauf",
            "name": "Verkauf",
            "access": {"GL": "full", "Administration": "full", "Werkstatt": "none"},
            "tags": [
                {
                    "key": "boot",
                    "name": "Boot",
                    "subtags": [
                        {"key": "offerte", "name": "Offerte", "keywords": ["offerte"]}
                    ],
                }
            ],
        }
    ]
}


def write_company(
    folder: Path,
    *,
    database: str | None = None,
    endpoint: str = "http://127.0.0.1:9/EWS/Exchange.asmx",
    password: str = "geheim",
    poll: int = 60,
) -> Path:
    """The three files and the secret; JSON is valid YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "secret"
    secret.write_text(f"{password}\n")
    secret.chmod(0o600)
    service = {
        "database": database or f"sqlite:///{folder}/mailsync.db",
        "timezone": "Europe/Zurich",
        "poll": poll,
        "state_dir": str(folder),
    }
    write(folder, "service.yaml", service)
    write(folder, "mailboxes.yaml", mailboxes(endpoint, secret))
    write(folder, "taxonomy.yaml", TAXONOMY)
    return folder


def write(folder: Path, name: str, content: object) -> None:
    (folder / name).write_text(json.dumps(content, indent=1))

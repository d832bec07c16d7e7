"""An installation on disk: the configuration files, and the CLI as a process."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = REPOSITORY / "run_service.py"

TAXONOMY = """
groups:
  - key: verkauf
    name: Verkauf
    access: {GL: full, Administration: full, Werkstatt: none}
    tags:
      - key: boot
        name: Boot
        subtags: [{key: offerte, name: Offerte, keywords: [offerte]}]
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """A configuration directory and its database."""

    folder: Path
    database: str

    def command(self, *words: str) -> list[str]:
        return [sys.executable, str(PROGRAM), "--config", str(self.folder), *words]

    def start(self, *words: str, **more: Any) -> "subprocess.Popen[str]":
        """A process of the program, in a process group of its own."""
        return subprocess.Popen(
            self.command(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "TZ": "UTC", **more},
        )

    def run(self, *words: str) -> str:
        """Run to the end; stdout. It must succeed."""
        done = subprocess.run(
            self.command(*words), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (words, done.returncode, done.stderr, done.stdout)
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))


def install(
    folder: Path,
    endpoint: str,
    mailboxes: Sequence[str],
    *,
    database: str | None = None,
    password: str = "geheim",
    service: str = "",
) -> Installation:
    """Write the three files and the secret; ``mailboxes`` are YAML flow mappings."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "secret"
    secret.write_text(password, encoding="utf-8")
    secret.chmod(0o600)
    url = database or f"sqlite:///{folder}/mailsync.db"
    (folder / "service.yaml").write_text(
        f"database: {url}\ntimezone: Europe/Zurich\nstate_dir: {folder}\n{service}",
        encoding="utf-8",
    )
    listed = "\n".join(f"  - {one}" for one in mailboxes)
    (folder / "mailboxes.yaml").write_text(
        f"""servers:
  main: {{backend: ews, endpoint: "{endpoint}", auth: basic, access: impersonation,
         login: svc, password: {{file: {secret}}}}}
internal_domains: [werft.example]
mailboxes:
{listed}
""",
        encoding="utf-8",
    )
    (folder / "taxonomy.yaml").write_text(TAXONOMY, encoding="utf-8")
    return Installation(folder, url)

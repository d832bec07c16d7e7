"""JSON Schema of the three files, for editors: ``python -m config.json_schema``.

The files lie beside this module; a test keeps them fresh. In an editor, the first line
of mailboxes.yaml names its schema::

    # yaml-language-server: $schema=./mailboxes.schema.json
"""

import json
from pathlib import Path

from config.schema import MODEL_OF_FILE

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_files() -> dict[str, str]:
    """File name -> content, for each of the three files."""
    return {
        name.replace(".yaml", ".schema.json"): json.dumps(
            {"$schema": _DIALECT} | model.model_json_schema(),
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
        for name, model in MODEL_OF_FILE.items()
    }


def write(directory: Path) -> None:
    """Write all of them into a directory."""
    for name, content in schema_files().items():
        (directory / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent)

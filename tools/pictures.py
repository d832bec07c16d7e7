"""The pictures of the documentation, drawn anew: docs/bilder/*.png (``make pictures``).

The same scenes are drawn by tests/system/test_pictures.py, elsewhere: a picture in the
repository changes only when somebody wants it to.
"""

import sys
from pathlib import Path

from picture_scenes import LARGEST, paint

FOLDER = Path(__file__).parents[1] / "docs" / "bilder"


def main() -> int:
    """Draw all of them and drop what is drawn no more; 1 if one is too large."""
    drawn = paint(FOLDER)
    too_large = False
    for file in sorted(FOLDER.glob("*.png")):
        if file.stem not in drawn:
            file.unlink()
            print(f"{file.name}: dropped")
            continue
        size = file.stat().st_size
        too_large |= size > LARGEST
        print(f"{file.name}: {size // 1000} kB{' (too large)' * (size > LARGEST)}")
    return int(too_large)


if __name__ == "__main__":
    sys.exit(main())

"""One file per area of screens; each has a ``room``. Thin: parse → service → redirect."""

"""Print the fenced code block that a marker in the documentation names.

    extract_block.py NAME FILE_OR_FOLDER...

The block is the one right after the line `<!-- ci: NAME -->`. There must be exactly one, so that
what is tested is what is read.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def blocks(text: str, name: str) -> list[str]:
    marker = re.escape(f"<!-- ci: {name} -->")
    return re.findall(rf"^{marker}\n+(`{{3,}})[^\n]*\n(.*?)^\1$", text, re.DOTALL | re.MULTILINE)


def main() -> None:
    name, *places = sys.argv[1:]
    found = []
    for place in map(Path, places):
        if not place.exists():
            sys.exit(f"error: {place} is missing")
        for file in sorted(place.rglob("*.md")) if place.is_dir() else [place]:
            found += [body for _, body in blocks(file.read_text(encoding="utf-8"), name)]
    if len(found) != 1:
        sys.exit(
            f"error: {len(found)} blocks are marked `<!-- ci: {name} -->` in {' '.join(places)}, want one"
        )
    sys.stdout.write(found[0])


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A strict oracle of request bodies: is this what the vendor's own SDK would type-check?

Reads JSON Lines, one `{"wire": "openai-chat", "body": {...}}` each, from the files named on the
command line or from standard input, and judges every body by the types of the official SDK: no
unknown key, no missing key, no value of another type. It judges shapes, not history: whether a
tool call was answered is the business of the strict fake provider.

Exit status: 0 all good, 1 a body failed (or there was none), 2 the input cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sdk_types import WIRES

Failure = tuple[str, str]  # path inside the body, reason


def check(wire: str, body: Any) -> list[Failure]:
    """The failures of one body; none when the vendor's types accept it."""
    make_judge = WIRES.get(wire)
    if make_judge is None:
        return [("wire", f"unknown wire {wire!r}, known are {', '.join(sorted(WIRES))}")]
    return make_judge()(body)


def check_line(text: str) -> list[Failure]:
    """The failures of one line of input."""
    try:
        record = json.loads(text)
    except ValueError as error:
        return [("", f"not JSON: {error}")]
    if not isinstance(record, dict) or not {"wire", "body"} <= record.keys():
        return [("", 'want an object with the keys "wire" and "body"')]
    return check(record["wire"], record["body"])


def lines(paths: list[str]) -> Iterator[tuple[str, str]]:
    """Every non-empty line with a name to find it by."""
    for path in paths or ["-"]:
        content = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        name = "stdin" if path == "-" else path
        # Not splitlines(): it also splits at U+2028, which may stand inside a JSON string.
        for number, line in enumerate(content.split("\n"), start=1):
            if line.strip():
                yield f"{name}:{number}", line


def run(paths: list[str]) -> int:
    checked = failed = 0
    for where, line in lines(paths):
        checked += 1
        failures = check_line(line)
        failed += bool(failures)
        for path, reason in failures:
            print(f"{where}: {path}: {reason}" if path else f"{where}: {reason}")
    print(f"{checked} bodies checked, {failed} failed")
    if checked == 0:
        # A test that recorded nothing must not look like one that passed.
        print("no body was given", file=sys.stderr)
    return 1 if failed or checked == 0 else 0


def main() -> int:
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", help="JSON Lines; '-' or none is standard input")
    parser.add_argument("--self-test", action="store_true", help="prove that wrong shapes are caught")
    arguments = parser.parse_args()
    if arguments.self_test:
        from self_test import run_self_test

        return run_self_test(check)
    try:
        return run(arguments.files)
    except (OSError, UnicodeDecodeError) as error:
        print(f"cannot read the input: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

"""Check the promised minimum Rust version; reads `cargo metadata` on standard input."""

from __future__ import annotations

import json
import sys

PROMISED = "1.94"


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("-")[0].split(".")[:2])


def main() -> None:
    problems = []
    packages = json.load(sys.stdin)["packages"]
    for package in packages:
        wanted, ours = package["rust_version"], package["source"] is None
        if ours and wanted != PROMISED:
            problems.append(f"{package['name']} states rust-version {wanted}, want {PROMISED}")
        if not ours and wanted and version(wanted) > version(PROMISED):
            problems.append(f"{package['name']} {package['version']} needs Rust {wanted}")
    print(f"{len(packages)} packages, promised Rust {PROMISED}")
    if problems:
        sys.exit("error: " + "\n".join(problems))


if __name__ == "__main__":
    main()

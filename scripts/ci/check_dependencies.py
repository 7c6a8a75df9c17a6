"""Check the dependency rule of the workspace on `cargo metadata` and `cargo tree`.

- scorpio-core does no I/O: none of the crates that do is in its tree.
- The other library crates depend on the core and never on each other.
- Only the facade, the server and the bindings see them all; the facade without features is the core.
"""

from __future__ import annotations

import json
import subprocess
import sys

CORE = {"scorpio-core", "scorpio-macros"}
# These may depend on any crate of ours.
INTEGRATORS = {"scorpio", "scorpio-server", "scorpio-py", "scorpio-benches", "scorpio-crash"}

NEVER_IN_CORE = {"reqwest", "sqlx", "axum", "rmcp", "bollard", "redis", "mongodb", "object_store"}
NEVER_IN_BARE_FACADE = {"reqwest", "sqlx", "axum", "bollard", "rmcp", "redis", "mongodb", "object_store"}


def cargo(*arguments: str) -> str:
    return subprocess.run(["cargo", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def tree(package: str, *features: str) -> set[str]:
    """The names of all normal dependencies, direct or not."""
    lines = cargo(
        "tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}", *features
    )
    return {line.split()[0] for line in lines.splitlines() if line.strip()}


def banned(names: set[str], bans: set[str]) -> set[str]:
    """Those of the names that are a banned crate or a part of one, such as sqlx-core."""
    return {name for name in names if any(name == ban or name.startswith(f"{ban}-") for ban in bans)}


def main() -> None:
    packages = json.loads(cargo("metadata", "--no-deps", "--format-version", "1"))["packages"]
    ours = {package["name"] for package in packages}
    problems = []

    if missing := (CORE | {"scorpio"}) - ours:
        problems.append(f"not in the workspace: {', '.join(sorted(missing))}")
    for package in packages:
        name = package["name"]
        if name in INTEGRATORS:
            continue
        # Dev-dependencies are free: a test may use what the crate must not.
        needs = {d["name"] for d in package["dependencies"] if d["kind"] != "dev"} & ours
        for extra in sorted(needs - CORE):
            problems.append(f"{name} depends on {extra}: only {', '.join(sorted(INTEGRATORS))} may")

    if not problems:
        for found in sorted(banned(tree("scorpio-core", "--all-features"), NEVER_IN_CORE)):
            problems.append(f"scorpio-core depends on {found}")
        for found in sorted(banned(tree("scorpio", "--no-default-features"), NEVER_IN_BARE_FACADE)):
            problems.append(f"scorpio without features depends on {found}")
    if problems:
        sys.exit("error: " + "\n".join(problems))
    print(f"{len(ours)} packages of ours keep the dependency rule")


if __name__ == "__main__":
    main()

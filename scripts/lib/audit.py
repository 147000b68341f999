"""Tells which crates of a lock file are not what deny.toml allows: by their licence, where they come from, or their version."""

import json
import re
import sys

# Versions that are no releases, each with the reason why it is there all the same.
PRE_RELEASES = {"notify": "9.0: 8.2 reports every read, and adds watches one at a time (docs/architecture.md)"}

CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"


def texts(config, key):
    """The texts of a list in deny.toml."""
    found = re.search(rf"^{key} = \[(.*?)^\]", config, re.MULTILINE | re.DOTALL)
    if not found:
        sys.exit(f"deny.toml has no list {key}")
    return set(re.findall(r'"([^"]+)"', re.sub(r"#.*", "", found.group(1))))


def is_allowed(expression, allowed):
    """Whether a licence expression (SPDX) can be met with what is allowed. `/` is an old way to write OR."""
    expression = expression.replace("/", " OR ")
    words = re.findall(r"\(|\)|[^\s()]+", expression)
    place = 0

    def term():
        nonlocal place
        word = words[place]
        place += 1
        if word == "(":
            value = either()
            place += 1
            return value
        if words[place : place + 1] == ["WITH"]:
            word = f"{word} WITH {words[place + 1]}"
            place += 2
        return word in allowed

    def both():
        nonlocal place
        value = term()
        while words[place : place + 1] == ["AND"]:
            place += 1
            value = term() and value
        return value

    def either():
        nonlocal place
        value = both()
        while words[place : place + 1] == ["OR"]:
            place += 1
            value = both() or value
        return value

    try:
        return either() and place == len(words)
    except IndexError:
        return False


def faults(package, allowed, denied):
    """What is wrong with a crate."""
    if package["source"] is None:
        return
    if package["source"] != CRATES_IO:
        yield f"comes from {package['source']}"
    if not is_allowed(package["license"] or "", allowed):
        yield f"has the licence {package['license']!r}"
    if "-" in package["version"].split("+")[0] and package["name"] not in PRE_RELEASES:
        yield "is no release"
    if package["name"] in denied:
        yield "is denied"


def proves_itself(allowed):
    """An audit that lets everything pass is none."""
    good = {"name": "a", "version": "1.0.0", "source": CRATES_IO, "license": "(MIT OR GPL-3.0) AND Unicode-3.0"}
    wrong = [
        {"license": "GPL-3.0"},
        {"license": "MIT AND GPL-3.0"},
        {"license": "Apache-2.0 WITH Other-exception"},
        {"license": "(MIT"},
        {"license": None},
        {"source": "git+https://example.invalid/a"},
        {"version": "1.0.0-rc.1"},
        {"name": "denied"},
    ]
    assert not list(faults(good, allowed, {"denied"}))
    for change in wrong:
        assert list(faults({**good, **change}, allowed, {"denied"})), change


def main(config_path, metadata_path):
    with open(config_path, encoding="utf-8") as file:
        config = file.read()
    with open(metadata_path, encoding="utf-8") as file:
        packages = json.load(file)["packages"]
    allowed, denied = texts(config, "allow"), texts(config, "deny")
    proves_itself(allowed)
    found = [f"{p['name']} {p['version']} {fault}" for p in packages for fault in faults(p, allowed, denied)]
    for line in found:
        print(line, file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"{len(packages)} crates: licences, sources and versions are as deny.toml allows")


if __name__ == "__main__":
    main(*sys.argv[1:])

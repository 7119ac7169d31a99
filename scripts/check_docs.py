#!/usr/bin/env python3
"""Holds that README.md and docs/*.md name only what exists: files, folders, scripts, links between pages.

A path is a word that starts with one of our top folders; `x.{hpp,cpp}` is both, `*` matches, and a module may be
named without its ending (discovery/node). The tests that docs/DNS.md and docs/HTTP.md name exist, too.
"""
import fnmatch
import re
import sys

from sources import read_tree, report

FOLDERS = "agent base deploy discovery dns docs forwarder proto resources scripts tests .ci".split()
MAX_ARCHITECTURE_LINES = 200
RULES = ("docs/DNS.md", "docs/HTTP.md")  # their tables name tests, in quotes, by how those begin
PATH = re.compile(r"(?<![\w./@:-])((?:" + "|".join(map(re.escape, FOLDERS)) + r")/[\w./{},*-]*[\w}*])")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def expand(path):
    """`a.{hpp,cpp}` → a.hpp, a.cpp."""
    match = re.search(r"\{([^{}]*)\}", path)
    if not match:
        return [path]
    return [p for part in match.group(1).split(",") for p in expand(path[:match.start()] + part + path[match.end():])]


def exists(path, files):
    if path in files or any(f.startswith(path.rstrip("/") + "/") for f in files):
        return True
    if "*" in path:
        return any(fnmatch.fnmatch(f, path) for f in files)
    return any(path + ending in files for ending in (".hpp", ".cpp", ".py", ".proto"))


def check(files):
    complaints = []
    for page, text in files.items():
        if page != "README.md" and not re.match(r"docs/[^/]*\.md$", page):
            continue
        folder = page.rpartition("/")[0]
        for number, line in enumerate(text.split("\n"), 1):
            named = [path for match in PATH.findall(line) for path in expand(match)]
            named += [f"{folder}/{link}".lstrip("/") for link in LINK.findall(line) if not link.startswith("/")]
            complaints += [f"{page}:{number}: {path} does not exist" for path in named if not exists(tidy(path), files)]
    complaints += unknown_tests(files)
    lines = files.get("docs/ARCHITECTURE.md", "").count("\n")
    if lines > MAX_ARCHITECTURE_LINES:
        complaints.append(f"docs/ARCHITECTURE.md: {lines} lines, at most {MAX_ARCHITECTURE_LINES}")
    return complaints


def unknown_tests(files):
    cases = [re.sub(r'"\s+"', "", text) for path, text in files.items() if path.startswith("tests/unit/")]
    names = [name for text in cases for name in re.findall(r'TEST_CASE\(\s*"([^"]*)', text)]
    rows = [(page, number, line) for page in RULES for number, line in enumerate(files.get(page, "").split("\n"), 1)]
    for page, number, line in rows:
        for quoted in re.findall(r'"([^"]+)"', line) if line.startswith("|") else []:
            if not any(name.startswith(quoted) for name in names):
                yield f"{page}:{number}: no test's name begins with \"{quoted}\""


def tidy(path):
    """docs/../README.md → README.md."""
    parts = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


if __name__ == "__main__":
    tree = read_tree(*sys.argv[1:2])
    report("docs", check(tree), [page for page in tree if page.endswith(".md")])

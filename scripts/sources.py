"""The project's own files, and C++ text without its comments and literals: what the guards look at.

Every guard is a function from {path: text} to a list of complaints, so that tests/style/guards_test.py can plant a
violation without touching a disk. Needs nothing but python3-minimal.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SKIPPED_FOLDERS = {"build", ".git", ".cache", "__pycache__"}
BINARY = (".png", ".bin", ".gz", ".der", ".p12", ".pcap")


def read_tree(root=ROOT):
    """{path relative to root: text} of every text file."""
    files = {}
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(s for s in subfolders if s not in SKIPPED_FOLDERS)
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root)
            if path.endswith(BINARY) or "/corpus/" in path or name == ".git":
                continue
            try:
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    files[path] = file.read()
            except UnicodeDecodeError:
                continue
    return files


def is_cpp(path):
    return path.endswith((".hpp", ".cpp"))


TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])*'",
    re.S)


def bare(text):
    """C++ without comments and with empty literals; every line keeps its number. Includes keep their names."""
    def blank(match):
        token = match.group(0)
        kept = '""' if token[0] in '"R' else "''" if token[0] == "'" else ""
        return kept + "\n" * token.count("\n")

    lines = text.split("\n")
    includes = {i: line for i, line in enumerate(lines) if re.match(r"\s*#\s*include\b", line)}
    stripped = TOKEN.sub(blank, text).split("\n")
    for i, line in includes.items():
        stripped[i] = line
    return "\n".join(stripped)


def report(name, complaints, files):
    """Prints the complaints and ends the process: 0 when there are none."""
    for complaint in complaints:
        print(complaint)
    print(f"{name}: {len(files)} files, {len(complaints)} violations")
    sys.exit(1 if complaints else 0)

#!/usr/bin/env python3
"""check_headers.py FOLDER COMPILER…: every header of ours compiles by itself.

A header with a .cpp of its name is proven by a build of each file by itself (presets tsan and fuzz): the .cpp includes
it first (check_style.py). For each of the others a file that includes it alone is written to FOLDER and compiled, as
many at a time as there are processors; through ccache, when the compiler is named so, unchanged headers cost nothing.
"""
import os
import subprocess
import sys

from check_layers import layer_of
from sources import ROOT, read_tree


def unproven(files):
    return [path for path in files
            if path.endswith(".hpp") and layer_of(path) not in ("", "tests") and path[:-4] + ".cpp" not in files]


def start(folder, compiler, root, header):
    unit = os.path.join(folder, header.replace("/", "_") + ".cpp")
    text = f'#include "{header}"\n'
    if not os.path.exists(unit) or open(unit, encoding="utf-8").read() != text:
        with open(unit, "w", encoding="utf-8") as file:
            file.write(text)
    command = [*compiler, "-std=c++20", f"-I{root}", "-c", unit, "-o", unit + ".o"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def broken(folder, compiler, root, headers):
    """(header, what the compiler says) of those that do not compile."""
    os.makedirs(folder, exist_ok=True)
    waiting, running, found = list(headers), [], []
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            header = waiting.pop(0)
            running.append((header, start(folder, compiler, root, header)))
        header, process = running.pop(0)
        output = process.communicate()[0]
        if process.returncode != 0:
            found.append((header, output))
    return found


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: check_headers.py FOLDER COMPILER…")
    headers = unproven(read_tree())
    found = broken(sys.argv[1], sys.argv[2:], ROOT, headers)
    for header, output in found:
        print(f"{header} does not compile by itself:\n{output}")
    print(f"headers: {len(headers)} checked, {len(found)} broken")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""check_headers.py COMPILER [-I…]: every header of ours compiles by itself.

A header with a .cpp of its name is proven by the build (the .cpp includes it first: check_style.py); the others go
through the compiler's syntax check here, as many at a time as there are processors.
"""
import os
import subprocess
import sys

from check_layers import layer_of
from sources import ROOT, read_tree


def unproven(files):
    return [path for path in files
            if path.endswith(".hpp") and layer_of(path) and path[:-4] + ".cpp" not in files]


def start(command, header):
    """-include makes the header the whole translation unit, and keeps #pragma once quiet."""
    return subprocess.Popen(command + ["-include", header, "-x", "c++", os.devnull], cwd=ROOT,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def main():
    command = sys.argv[1:] + ["-std=c++20", "-fsyntax-only", "-I."]
    headers = unproven(read_tree())
    waiting, running, broken = list(headers), [], 0
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            header = waiting.pop(0)
            running.append((header, start(command, header)))
        header, process = running.pop(0)
        output = process.communicate()[0]
        if process.returncode != 0:
            broken += 1
            print(f"{header} does not compile by itself:\n{output}")
    print(f"headers: {len(headers)} checked, {broken} broken")
    sys.exit(1 if broken else 0)


main()

#!/usr/bin/env python3
"""kubernetes_outage.py NEARMOST [--json FILE] [--outage 600]: an API server that is away and comes back.

Two meshes of three clusters at once: in one the API server refuses connections, in the other it takes them and says
nothing, for so many seconds; then it is back with other endpoints of every service and no history. How many answers of
any cluster's DNS were wrong meanwhile, and how long after its return the last cluster answered exactly what there is.
"""
import argparse
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from kube_mesh import KubeMesh  # noqa: E402
from kube_outage import outage  # noqa: E402
from mesh import until  # noqa: E402

CLUSTERS = ["east", "west", "eu"]
WAYS = {"refused": False, "silent": True}


def one(binary, seconds, hangs):
    with KubeMesh(binary, CLUSTERS) as mesh:
        for name in mesh.clusters:
            mesh.start_agent(name)
        for name in mesh.clusters:
            until(lambda: mesh.ready(name) and mesh.sees_all(name), 60, f"{name} is ready")
        return outage(mesh, seconds, hangs)


def measure(binary, seconds):
    found = {}
    runs = [threading.Thread(target=lambda way=way, hangs=hangs: found.update({way: one(binary, seconds, hangs)}))
            for way, hangs in WAYS.items()]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    if found.keys() != WAYS.keys():
        raise AssertionError("a mesh failed")
    return found


def show(figures, seconds):
    for way, found in figures.items():
        print(f"an API server is away for {seconds} s, {way:8}  "
              f"{len(found['wrong'])} of {found['asked']} answers wrong, {len(found['strange'])} of neither state, "
              f"exact after {found['exactSeconds']:.2f} s   (0, 5 s)")
        for host, answer, *_ in (found["wrong"] + found["strange"])[:5]:
            print(f"  {host}: {answer}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--json")
    parser.add_argument("--outage", type=int, default=600)
    asked = parser.parse_args()
    figures = measure(os.path.abspath(asked.binary), asked.outage)
    show(figures, asked.outage)
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()

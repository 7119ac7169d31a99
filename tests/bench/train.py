#!/usr/bin/env python3
"""train.py NEARMOST HTTP_ORIGIN HTTP_LOAD PROFILE: has a training build do what `bench http` measures, each case as
long as the others, without an access log and with one. What it counted is in the folder PROFILE then, and a file
`complete`. The load's counts of the event loop that both have are left out: it is not what shall be quick.
"""
import argparse
import os
import shutil
import tempfile

import http_cost
import http_servers

SECONDS = 2  # a case


def train(folder, binaries, log):
    origin = http_servers.Origin(folder, binaries.origin, endpoints=4)
    try:
        agent = http_servers.Nearmost(folder, binaries.nearmost, origin, log)
        try:
            load = http_servers.Load(binaries.load, folder, before=["env", f"GCOV_PREFIX={folder}/load"])
            for case in http_cost.CASES:
                load.run(agent, case.port, SECONDS, **case.options)
        finally:
            agent.process.terminate()  # its counts are written as it ends
    finally:
        origin.process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in "nearmost", "origin", "load", "profile":
        parser.add_argument(name)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.profile, ignore_errors=True)
    for log in False, True:
        folder = tempfile.mkdtemp(prefix="nearmost-train-")
        train(folder, arguments, log)
        shutil.rmtree(folder)
    counted = os.listdir(arguments.profile)
    assert any("exchange.cpp" in name for name in counted), f"what forwards a request is not in {counted}"
    with open(os.path.join(arguments.profile, "complete"), "w", encoding="utf-8"):
        pass


main()

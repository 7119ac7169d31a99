#!/usr/bin/env python3
"""bridge_test.py NEAREMOST: east and eu have no link; west passes on what each has signed."""
import os
import shutil
import sys
import urllib.error
import urllib.request

from mesh import ADMIN, Mesh, until

HOST = "details.bookinfo.mesh.internal"  # of east and eu
CERTIFICATE_END = 'nearmost_certificate_expiration_timestamp_seconds{certificate="own"}'


def metric(mesh, cluster, name):
    """None where there is none, or nobody answers."""
    try:
        with urllib.request.urlopen(f"http://{mesh.address(cluster)}:{ADMIN}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except (urllib.error.URLError, OSError):
        return None
    return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + " ")), None)


def eu_shows(mesh, last):
    """Whether it is led to or not: nobody listens where an endpoint was moved to, and eu asks."""
    return mesh.address("east", last) in str(mesh.ask("eu", "explain", HOST))


def move_an_endpoint(mesh, last):
    old, new = mesh.address("east", 21), mesh.address("east", last)
    mesh.write("east", "east.yaml", mesh.document("east.yaml").replace(old, new))


def proven(mesh):
    return metric(mesh, "eu", "nearmost_gossip_proven_total") or 0


def rows_and_changes_come_through_a_third(mesh):
    until(lambda: eu_shows(mesh, 21), 10, "eu knows east's endpoints")
    before = proven(mesh)
    move_an_endpoint(mesh, 51)
    until(lambda: eu_shows(mesh, 51), 10, "eu hears of a change")
    if not 0 < before < proven(mesh):
        raise AssertionError("both came without a proof")


def a_new_certificate_signs(mesh):
    end = metric(mesh, "east", CERTIFICATE_END)
    mesh.run("tls", "issue", "--cluster", "east", "--dir", mesh.path("authority"), "--force")
    for name in ("key.pem", "cert.pem"):
        shutil.copy(mesh.path("authority", "east", name), mesh.path("east", "tls", name))
    until(lambda: metric(mesh, "east", CERTIFICATE_END) != end, 10, "the certificate is taken")
    move_an_endpoint(mesh, 52)
    until(lambda: eu_shows(mesh, 52), 10, "eu hears of a change that the new certificate signs")


def what_the_dead_have_signed_can_still_be_passed_on(mesh):
    mesh.kill_agent("east")
    mesh.agents["eu"].terminate()
    shutil.rmtree(mesh.path("eu", "state"), ignore_errors=True)
    mesh.start_agent("eu")
    until(lambda: metric(mesh, "eu", 'nearmost_member_rows{member="east"}'), 30, "eu gets east's rows from west")


def nothing_was_refused(mesh):
    for cluster in ("west", "eu"):
        if (unproven := metric(mesh, cluster, "nearmost_gossip_unproven_total")) != 0:
            raise AssertionError(f"{cluster} was brought {unproven} that were not proven")


def main():
    with Mesh(os.path.abspath(sys.argv[1]), hub="west") as mesh:
        mesh.start()
        for story in (rows_and_changes_come_through_a_third, a_new_certificate_signs,
                      what_the_dead_have_signed_can_still_be_passed_on, nothing_was_refused):
            story(mesh)
            print(f"ok      {story.__name__}", flush=True)


main()

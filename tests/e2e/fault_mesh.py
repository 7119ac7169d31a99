"""What the tests of faults have in common: a mesh that says which answers moved, what arrived, who was judged.

Each story starts in a whole mesh and ends in one. Times are bounds for a slow machine, beyond which something is
broken, and no measurements.
"""
import re
import time

from mesh import Mesh, equal, stays, until

DETAILS = "details.mesh.internal"
MARKED = ("suspect", "stale")
MARKED_SECONDS = 45  # a starved agent forgives silence for as long as it was stalled itself
HEALED_SECONDS = 20
ARRIVES_SECONDS = 20
JUDGEMENT = r'gossip "(demoted|dead)'


def nearest(clusters):
    """Where each leads its callers for details. West runs none; east is in its region."""
    return {cluster: ["east" if cluster == "west" else cluster] for cluster in clusters}


class FaultMesh(Mesh):
    changes = 0

    def others(self, cluster):
        return [other for other in self.clusters if other != cluster]

    def whole(self):
        return all(self.sees_all(cluster) for cluster in self.clusters)

    def answers(self, clusters):
        """Where each cluster's agent leads its callers. A datagram may get lost on a busy machine, three do not."""
        return {c: next((a for _ in range(3) if (a := self.resolve(c, DETAILS)) is not None), None) for c in clusters}

    def unmoved(self, seconds, what, clusters=None):
        clusters = clusters or self.clusters
        stays(lambda: self.answers(clusters), nearest(clusters), seconds, what)

    def change(self, cluster):
        """A new service in the cluster; its name and its cluster, to ask for."""
        self.changes += 1
        name = f"change-{self.changes}"
        self.write(cluster, name + ".yaml", f"service: {name}\nnamespace: bookinfo\nports: {{http: 9080}}\n"
                   f"endpoints: [{self.address(cluster, 21 if cluster != 'west' else 11)}]\n")
        return f"{name}.bookinfo.mesh.internal", cluster

    def arrived(self, change, clusters=None):
        host, cluster = change
        return all(self.resolve(viewer, host) == [cluster] for viewer in clusters or self.clusters)

    def judgements(self):
        """Of each agent, what it has logged of moving a cluster to another tier."""
        return {cluster: self.logged(cluster, JUDGEMENT) for cluster in self.clusters}

    def logged(self, cluster, pattern):
        with open(self.path(cluster, "agent.log"), encoding="utf-8", errors="replace") as file:
            return [line.strip() for line in file if re.search(pattern, line)]

    def member(self, viewer, cluster):
        members = self.ask(viewer, "status", check=False)["members"]
        return next((m for m in members if m["member"] == cluster), {})

    def propagation(self, viewer, cluster):
        """In milliseconds; 0 where it is not known."""
        return self.member(viewer, cluster).get("propagationMs") or 0

    def states(self, viewers, cluster):
        return {self.members(viewer).get(cluster) for viewer in viewers}


def tell(stories, mesh, chosen):
    """Runs the stories, or those that were chosen."""
    for story in stories:
        if chosen and story.__name__ not in chosen:
            continue
        begun = time.monotonic()
        try:
            until(lambda: mesh.answers(mesh.clusters) == nearest(mesh.clusters), 30, "every answer is the nearest")
            story(mesh)
            print(f"ok      {story.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
        except (AssertionError, OSError, KeyError, ValueError) as error:
            print(f"FAILED  {story.__name__}: {type(error).__name__}: {error}", flush=True)
            raise SystemExit(1) from error

"""A mesh whose cluster east has two agents with the same documents; west has one."""
import shutil

from mesh import GOSSIP, Mesh, until

SIBLINGS = ["east", "east-b"]


class ReplicaMesh(Mesh):
    """Two clusters; east's second agent has the same documents in a folder of its own, and 127.N.1.2."""

    def __init__(self, binary, seed=None, advertise=None):
        self.seed, self.advertise = seed, advertise or {}
        super().__init__(binary, ["east", "west"])
        shutil.copytree(self.path("east"), self.path("east-b"))
        self.configure("east-b")

    def agents_of(self, cluster):
        return SIBLINGS if cluster == "east" else [cluster]

    def address(self, cluster, last=1):
        return super().address("east", 2) if cluster == "east-b" else super().address(cluster, last)

    def write_cluster(self, cluster):
        super().write_cluster(cluster)
        self.configure(cluster)

    def configure(self, agent):
        """The same as its cluster's, at its own address."""
        cluster = agent.split("-")[0]
        with open(self.path(cluster, "agent.yaml"), encoding="utf-8") as file:
            text = file.read()
        lines = [line for line in text.splitlines() if not line.startswith(("gossip:", "replicas:"))]
        text = "\n".join(lines).replace(self.address(cluster), self.address(agent))
        replicas = "replicas: 2\n" if cluster == "east" else ""
        with open(self.path(agent, "agent.yaml"), "w", encoding="utf-8") as file:
            file.write(f"{text}\n{replicas}gossip: {self.gossip(agent)}\n")

    def gossip(self, cluster):
        peers = [f"{self.address(other)}:{GOSSIP}" for other in ("east", "east-b", "west") if other != cluster]
        if self.seed:
            peers = [] if cluster != "west" else [f"{self.address('east', self.seed)}:{GOSSIP}"]
        advertise = self.advertise.get(cluster)
        told = f", advertise: {self.prefix}.{advertise}:{GOSSIP}" if advertise else ""
        return f"{{listen: {self.address(cluster)}:{GOSSIP}, peers: [{', '.join(peers)}]{told}}}"

    def write_both(self, name, text):
        for agent in SIBLINGS:
            self.write(agent, name, text)

    def start(self):
        for cluster in self.clusters:
            self.start_backends(cluster)
        for agent in [*SIBLINGS, "west"]:
            self.start_agent(agent)
        for agent in [*SIBLINGS, "west"]:
            until(lambda: self.ready(agent), 60, f"{agent} ready")

    def status(self, agent):
        return self.ask(agent, "status", check=False)

    def east(self, viewer="west"):
        """{"east": (state, taken), "east/1": …} as the viewer sees them."""
        return {m["member"]: (m["state"], m["taken"]) for m in self.status(viewer)["members"]
                if m["member"].split("/")[0] == "east"}

    def taken(self, viewer="west"):
        return [name for name, (_, taken) in self.east(viewer).items() if taken]

    def is_whole(self):
        return sorted(state for state, _ in self.east().values()) == ["fresh", "fresh"]

    def agent_called(self, member):
        number = int(member.partition("/")[2] or 0)
        return next(agent for agent in SIBLINGS if self.status(agent)["replica"] == number)

    def logged(self, agent, words):
        with open(self.path(agent, "agent.log"), encoding="utf-8", errors="replace") as file:
            return [line.strip() for line in file if words in line]

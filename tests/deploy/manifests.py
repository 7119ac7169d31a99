"""The objects of deploy/kubernetes as they are applied: what kustomization.yaml lists, one a file."""
import os

import yaml

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy", "kubernetes")
AGENTS, LEAVES = "", "leaf"


def read(*path):
    with open(os.path.join(FOLDER, *path), encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


def objects(layer):
    """[(file, object)] of one kustomization."""
    found = []
    for name in read(layer, "kustomization.yaml")[0]["resources"]:
        documents = read(layer, name)
        assert len(documents) == 1, f"{name}: one object a file"
        found.append((name, documents[0]))
    return found


def one(layer, kind, name=None):
    """The only object of a kind, or the one of that name."""
    named = [made for _, made in objects(layer) if made["kind"] == kind and name in (None, made["metadata"]["name"])]
    assert len(named) == 1, f"{len(named)} {kind} {name or ''} in {layer or 'agents'}"
    return named[0]


def workload(layer):
    return one(layer, "DaemonSet" if layer == LEAVES else "Deployment")


def pod_of(layer):
    return workload(layer)["spec"]["template"]


def container_of(layer):
    containers = pod_of(layer)["spec"]["containers"]
    assert len(containers) == 1
    return containers[0]


def port_of(layer, name):
    return next(port["containerPort"] for port in container_of(layer)["ports"] if port["name"] == name)


def agent_yaml(layer):
    """The text of the ConfigMap that is mounted as the folder of agent.yaml."""
    return one(layer, "ConfigMap", workload(layer)["metadata"]["name"].split("-us-")[0])["data"]["agent.yaml"]

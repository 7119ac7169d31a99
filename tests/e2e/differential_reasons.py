"""Why ours answers otherwise than others do: each difference is meant, or of no consequence, and says so.

A reason excuses the fields that it names, of the servers that it names, where `holds` is true, and nothing else. Rows
are those of docs/DNS.md.
"""
from collections.abc import Callable
from dataclasses import dataclass

from dns_message import AD, ANY_CLASS, CD, CH, IN, METAS, TC, TYPES


@dataclass
class Reason:
    why: str
    who: set
    fields: set
    holds: Callable  # (question, ours, theirs)


ALL = {"knot", "nsd", "named", "unbound"}
WHOLE = {"rcode", "aa", "tc", "rd", "ad", "cd", "z", "question", "answer", "authority", "edns"}


def is_hinfo(answer):
    return [(kind, ttl, data) for _, kind, _, ttl, data in answer] == [("HINFO", 3600, b"\7RFC8482\0".hex())]


def shapes(answer):
    return {(owner.partition(".")[0], kind, ttl) for owner, kind, _, ttl, _ in answer}


REASONS = [
    Reason("offer recursion: it is a resolver", {"unbound"}, {"ra"},
           lambda ask, ours, theirs: theirs["ra"]),
    Reason("hold no name of others back: it is a resolver", {"unbound"}, WHOLE,
           lambda ask, ours, theirs: ask.what == "outside" and ours["rcode"] == "REFUSED"),
    Reason("refuse a query with TC, which says nothing there", {"unbound"}, WHOLE,
           lambda ask, ours, theirs: ask.flags & TC and theirs["rcode"] == "FORMERR"),
    Reason("copy CD, which says nothing of authoritative data (row 29)", ALL, {"cd"},
           lambda ask, ours, theirs: ask.flags & CD and theirs["cd"]),
    Reason("answer ANY with all there is; ours is RFC 8482's HINFO (row 14)", ALL, {"answer", "tc"},
           lambda ask, ours, theirs: ask.type == TYPES["ANY"] and is_hinfo(ours["answer"])),
    Reason("choose other records for a truncated answer (row 26)", ALL, {"answer"},
           lambda ask, ours, theirs: ours["tc"] and theirs["tc"]),
    Reason("copy AD into an answer (row 29: it is for validated data)", {"named"}, {"ad"},
           lambda ask, ours, theirs: ask.flags & AD and theirs["ad"]),
    Reason("take OPT and types 128 to 254 for data, or for malformed, or drop them (rows 5 and 16)", ALL,
           WHOLE | {"reply"},
           lambda ask, ours, theirs: ask.type in METAS and ours["rcode"] in ("NOTIMP", "FORMERR")),
    Reason("give another rcode to a zone transfer, or give the zone (row 15)", ALL, WHOLE,
           lambda ask, ours, theirs: ask.type in (TYPES["AXFR"], TYPES["IXFR"]) and ours["rcode"] == "REFUSED"),
    Reason("give other classes another rcode, or leave out the question (row 13)", ALL, {"rcode", "question"},
           lambda ask, ours, theirs: ask.class_ not in (IN, ANY_CLASS) and ours["rcode"] == "REFUSED"),
    Reason("limit what they say in class CH", {"named"}, {"reply"},
           lambda ask, ours, theirs: ask.class_ == CH and theirs["reply"] == "none"),
    Reason("do not answer class ANY, or in part, or with AA (row 13)", ALL, {"rcode", "aa", "answer", "authority"},
           lambda ask, ours, theirs: ask.class_ == ANY_CLASS and not ours["aa"]),
    Reason("say more than the opcode to an opcode that they do not know, or know it (row 1)", ALL,
           {"rcode", "question", "rd", "edns"},
           lambda ask, ours, theirs: ask.what == "opcode" and ours["rcode"] == "NOTIMP"),
    Reason("repeat another part of what is no query (rows 2 to 5)", ALL, {"question", "edns", "rd"},
           lambda ask, ours, theirs: ask.body is not None and ours["rcode"] == theirs["rcode"] == "FORMERR"),
    Reason("answer a query with bytes behind it (row 4: FORMERR, as Knot says)", {"nsd", "named", "unbound"}, WHOLE,
           lambda ask, ours, theirs: ask.what == "bytes behind" and theirs["rcode"] == "NOERROR"),
    Reason("pass over an option past its OPT (row 5)", {"unbound"}, WHOLE,
           lambda ask, ours, theirs: ask.what == "an option past its OPT" and theirs["rcode"] == "NOERROR"),
    Reason("let OPT have an owner (row 5)", {"knot"}, WHOLE,
           lambda ask, ours, theirs: ask.what == "OPT with an owner" and theirs["rcode"] == "NOERROR"),
    Reason("let OPT have no question (row 3: with a cookie only)", {"nsd"}, {"rcode"},
           lambda ask, ours, theirs: ask.what == "no question but OPT" and theirs["rcode"] == "NOERROR"),
    Reason("refuse records that a query has no need of; ours passes over them", {"nsd", "unbound"}, WHOLE,
           lambda ask, ours, theirs: ask.what.startswith("a record ") and theirs["rcode"] == "FORMERR"),
    Reason("announce a question that does not come", {"unbound"}, {"reply"},
           lambda ask, ours, theirs: ask.body is not None and ours.get("rcode") == "FORMERR"
           and theirs["reply"].startswith("malformed")),
    Reason("say nothing to some malformed queries (rows 2 to 5)", {"knot", "nsd"}, {"reply"},
           lambda ask, ours, theirs: ask.body is not None and ours.get("rcode") == "FORMERR"
           and theirs["reply"] == "none"),
    Reason("have less room: owners in the zone's case are no pointers to the question's", {"named"}, {"tc", "answer"},
           lambda ask, ours, theirs: theirs["tc"] and ask.name != ask.name.lower()),
    Reason("have of an explanation what ours said before; it goes with the mesh", ALL, {"answer"},
           lambda ask, ours, theirs: shapes(ours["answer"]) == shapes(theirs["answer"]) == {("_explain", "TXT", 5)}),
    Reason("give all names below a wildcard the same; ours derives from the host that it stands for (row 22)", ALL,
           {"answer", "authority", "tc"}, lambda ask, ours, theirs: ask.what == "derived below a wildcard"),
    Reason("let a wildcard stand for names below names that are there (RFC 4592 §3.3.1 says not)", {"unbound"},
           {"answer", "authority", "rcode"}, lambda ask, ours, theirs:
           ask.what == "absent" and ours["rcode"] == "NXDOMAIN" and theirs["rcode"] == "NOERROR"),
    Reason("turn the query's header round for BADVERS (row 6: all flags but RD are clear)", {"nsd"},
           {"aa", "tc", "ad", "cd", "z", "edns"},
           lambda ask, ours, theirs: ours["rcode"] == theirs["rcode"] == "BADVERS"),
]

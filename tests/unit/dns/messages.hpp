// Messages as bytes with the verdict of each (dns.md §3): tests read them, and the fuzzers start
// from them.
#pragma once

#include "dns/decode.hpp"
#include "tests/unit/dns/reading.hpp"

namespace messages {

struct Message {
  const char* what;
  const char* hex;
  dns::Verdict verdict;
  bool edns;    // an OPT record was read
  bool echoed;  // the reply repeats a question
};

// 12345678 is the ID and the flags unless a flag matters; the question is "a.b A IN".
inline constexpr Message kMessages[] = {
    {"a plain query", "1234 0100 0001 0000 0000 0000 016101620000010001", dns::Verdict::query,
     false, true},
    {"a query with OPT",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 0000",
     dns::Verdict::query, true, true},
    {"an unknown option",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 0006 0064 0002 abcd",
     dns::Verdict::query, true, true},
    {"all flags that are none of ours", "1234 07f0 0001 0000 0000 0000 016101620000010001",
     dns::Verdict::query, false, true},
    {"a record before OPT",
     "1234 0100 0001 0000 0000 0002 016101620000010001 c00c 0001 0001 00000000 0004 7f000001"
     " 00 0029 04d0 00000000 0000",
     dns::Verdict::query, true, true},
    {"a cookie of 8 bytes",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 000c"
     " 000a 0008 0102030405060708",
     dns::Verdict::query, true, true},
    {"a client subnet 10.1.2.0/24",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 000b"
     " 0008 0007 0001 18 00 0a0102",
     dns::Verdict::query, true, true},
    {"an empty NSID",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 0004 0003 0000",
     dns::Verdict::query, true, true},

    {"a response", "1234 8100 0001 0000 0000 0000 016101620000010001", dns::Verdict::response,
     false, false},
    {"opcode 1, IQUERY", "1234 0900 0001 0000 0000 0000 016101620000010001",
     dns::Verdict::unknown_opcode, false, false},
    {"opcode 4, NOTIFY, with OPT",
     "1234 2400 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 0000",
     dns::Verdict::unknown_opcode, true, false},
    {"opcode 15, a header alone", "1234 7900 0000 0000 0000 0000", dns::Verdict::unknown_opcode,
     false, false},
    {"opcode 5 with rubbish", "1234 2900 0001 0000 0000 0000 ff", dns::Verdict::unknown_opcode,
     false, false},

    {"no question", "1234 0100 0000 0000 0000 0000", dns::Verdict::malformed, false, false},
    {"no question but OPT", "1234 0100 0000 0000 0000 0001 00 0029 04d0 00000000 0000",
     dns::Verdict::malformed, true, false},
    {"two questions", "1234 0100 0002 0000 0000 0000 016101620000010001 016101630000010001",
     dns::Verdict::malformed, false, true},
    {"two questions and OPT",
     "1234 0100 0002 0000 0000 0001 016101620000010001 016101630000010001"
     " 00 0029 04d0 00000000 0000",
     dns::Verdict::malformed, true, true},
    {"a pointer in the question", "1234 0100 0001 0000 0000 0000 c00c 00010001",
     dns::Verdict::malformed, false, false},
    {"a label type of 01", "1234 0100 0001 0000 0000 0000 4161 00 00010001",
     dns::Verdict::malformed, false, false},
    {"a label past the end", "1234 0100 0001 0000 0000 0000 3f61 00 00010001",
     dns::Verdict::malformed, false, false},
    {"a question without its class", "1234 0100 0001 0000 0000 0000 016101620000 01",
     dns::Verdict::malformed, false, false},
    {"bytes behind the last record", "1234 0100 0001 0000 0000 0000 016101620000010001 00",
     dns::Verdict::malformed, false, true},
    {"more records announced than there are",
     "1234 0100 0001 0000 0000 0002 016101620000010001"
     " 00 0029 04d0 00000000 0000",
     dns::Verdict::malformed, true, true},
    {"two OPT records",
     "1234 0100 0001 0000 0000 0002 016101620000010001 00 0029 04d0 00000000 0000"
     " 00 0029 04d0 00000000 0000",
     dns::Verdict::malformed, true, true},
    {"OPT with an owner",
     "1234 0100 0001 0000 0000 0001 016101620000010001 016100 0029 04d0 00000000 0000",
     dns::Verdict::malformed, false, true},
    {"OPT in the answer section",
     "1234 0100 0001 0001 0000 0000 016101620000010001 00 0029 04d0 00000000 0000",
     dns::Verdict::malformed, false, true},
    {"OPT data past the end",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 0004",
     dns::Verdict::malformed, false, true},
    {"an option past its OPT",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 0005 000a 0008 01",
     dns::Verdict::malformed, true, true},
    {"a cookie of 4 bytes",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 0008 000a 0004 "
     "01020304",
     dns::Verdict::malformed, true, true},
    {"a cookie of 41 bytes",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 002d 000a 0029"
     " 0101010101010101010101010101010101010101010101010101010101010101010101010101010101",
     dns::Verdict::malformed, true, true},
    {"an NSID with content",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 0005 0003 0001 61",
     dns::Verdict::malformed, true, true},
    {"a client subnet with a scope",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 000b"
     " 0008 0007 0001 18 18 0a0102",
     dns::Verdict::malformed, true, true},
    {"a client subnet with stray bits",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 000b"
     " 0008 0007 0001 17 00 0a0103",
     dns::Verdict::malformed, true, true},
    {"a client subnet with a byte too many",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 000c"
     " 0008 0008 0001 18 00 0a010200",
     dns::Verdict::malformed, true, true},
    {"a client subnet of an unknown family",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 0008"
     " 0008 0004 0003 00 00",
     dns::Verdict::malformed, true, true},
    {"an IPv4 prefix of 33",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00000000 000d"
     " 0008 0009 0001 21 00 0a01020300",
     dns::Verdict::malformed, true, true},

    {"EDNS version 1",
     "1234 0100 0001 0000 0000 0001 016101620000010001 00 0029 04d0 00010000 0000",
     dns::Verdict::bad_version, true, true},
    {"EDNS version 1 with an option of its own",
     "1234 0100 0001 0000 0000 0001 016101620000010001"
     " 00 0029 04d0 00010000 0005 000a 0008 01",
     dns::Verdict::bad_version, true, true},
};

}  // namespace messages

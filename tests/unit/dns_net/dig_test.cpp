// What `dig` says of a live server: a client that is not ours reads every kind of answer (dns.md
// §7, its dig matrix).
#include "dns/net/udp_server.hpp"

#include <catch2/catch.hpp>
#include <cstdio>
#include <iostream>

#include "dns/net/tcp_server.hpp"
#include "tests/unit/dns_net/live.hpp"

namespace {

std::string run(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return text;
  char buffer[4096];
  while (const auto size = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, size);
  ::pclose(pipe);
  return text;
}

bool dig_is_here() {
  if (run("command -v dig").empty()) {
    std::cout << "skipped: dig (bind9-dnsutils) is not installed\n";
    return false;
  }
  return true;
}

struct Case {
  const char* arguments;
  std::vector<std::string> shows;  // all of these
  std::vector<std::string> hides;  // none of these
};

const std::vector<Case> kUdp{
    {"ratings.mesh.internal A",
     {"status: NOERROR", "flags: qr aa rd;", "ANSWER: 3", "10.0.0.1", "EDNS: version: 0",
      "udp: 1232"},
     {"Warning"}},
    {"+norec +noedns mesh.internal SOA",
     {"status: NOERROR", "flags: qr aa;", "ns.mesh.internal. hostmaster.mesh.internal. 7"},
     {"OPT PSEUDOSECTION"}},
    {"+edns=1 +noednsneg ratings.mesh.internal",
     {"status: BADVERS", "EDNS: version: 0", "ANSWER: 0"},
     {}},
    {"+edns=1 ratings.mesh.internal",
     {"status: NOERROR", "ANSWER: 3"},
     {}},  // dig falls back to version 0
    {"+ednsopt=100 ratings.mesh.internal", {"status: NOERROR", "ANSWER: 3"}, {"OPT=100"}},
    {"+ednsflags=0x40 ratings.mesh.internal", {"status: NOERROR"}, {"MBZ: 0x"}},
    {"+dnssec ratings.mesh.internal", {"flags: do"}, {}},
    {"+header-only +noedns +opcode=15 ratings.mesh.internal",
     {"status: NOTIMP", "opcode: RESERVED15", "QUERY: 0, ANSWER: 0"},
     {}},
    {"ratings.mesh.internal TYPE666", {"status: NOERROR", "ANSWER: 0", "AUTHORITY: 1", "SOA"}, {}},
    {"+zflag ratings.mesh.internal", {"status: NOERROR", "ANSWER: 3"}, {"MBZ"}},
    {"RaTiNgS.mEsH.iNtErNaL", {"RaTiNgS.mEsH.iNtErNaL.\t5\tIN\tA", "ANSWER: 3"}, {}},
    {"+notcp ratings.mesh.internal ANY", {"status: NOERROR", "HINFO", "\"RFC8482\""}, {}},
    {"ratings.mesh.internal AAAA",
     {"status: NOERROR", "flags: qr aa rd;", "ANSWER: 0", "AUTHORITY: 1"},
     {}},
    {"nope.mesh.internal", {"status: NXDOMAIN", "AUTHORITY: 1", "SOA"}, {}},
    {"_tcp.ratings.mesh.internal", {"status: NOERROR", "ANSWER: 0", "AUTHORITY: 1"}, {}},
    {"ratings.mesh.internal HTTPS", {"status: NOERROR", "ANSWER: 0"}, {}},
    {"_http._tcp.ratings.mesh.internal SRV",
     {"ANSWER: 5", "0 1 9080 10-0-0-1.ratings.mesh.internal.",
      "1 1 9080 10-1-0-1.ratings.mesh.internal.", "ADDITIONAL: 6"},
     {}},
    {"mesh.internal NS", {"ns.mesh.internal.", "127.0.0.54"}, {}},
    {"www.example.org", {"status: REFUSED", "EDE: 18"}, {}},
    {"+norec www.example.org", {"status: REFUSED", "EDE: 20"}, {}},
    {"ch txt version.bind", {"\"nearmost test\""}, {}},
    {"+subnet=10.1.2.0/24 ratings.mesh.internal", {"status: NOERROR", "ANSWER: 3"}, {}},
    {"+nsid ratings.mesh.internal", {"status: NOERROR", "ANSWER: 3"}, {}},
    {"+cookie=0102030405060708 ratings.mesh.internal", {"status: NOERROR", "ANSWER: 3"}, {}},
    {"west.pin._cluster.ratings.mesh.internal",
     {"status: NOERROR", "ANSWER: 2", "10.1.0.1", "10.1.0.2"},
     {"10.0.0."}},
    {"_http._tcp.west.prefer._cluster.ratings.mesh.internal SRV",
     {"ANSWER: 5", "0 1 9080 10-1-0-1.ratings.mesh.internal.",
      "1 1 9080 10-0-0-1.ratings.mesh.internal."},
     {}},
    {"mars.pin._zone.ratings.mesh.internal",
     {"status: NOERROR", "ANSWER: 0", "AUTHORITY: 1", "EDE: 0", "6 left out"},
     {}},
    {"_explain.ratings.mesh.internal TXT",
     {"left out: 10.0.0.9 east: unhealthy", "healthy: 5 of 6"},
     {}},
};

void check(const std::string& server, const std::vector<Case>& cases) {
  for (const auto& c : cases) {
    const auto output = run("dig +tries=1 +timeout=5 " + server + " " + c.arguments);
    INFO("dig " << c.arguments << "\n" << output);
    for (const auto& text : c.shows) CHECK(output.find(text) != std::string::npos);
    for (const auto& text : c.hides) CHECK(output.find(text) == std::string::npos);
    CHECK(output.find("malformed") == std::string::npos);
    CHECK(output.find("extra bytes") == std::string::npos);
  }
}

}  // namespace

TEST_CASE("dig gets over UDP what the rules say") {
  if (!dig_is_here()) return;
  dns::net::Tables tables(mesh::bookinfo().table());
  auto sockets = dns::net::open_sockets(live::loopback(), 2);
  REQUIRE(sockets.ok());
  const dns::net::UdpServer server(std::move(sockets->udp), tables, 1);
  check("@127.0.0.1 -p " + std::to_string(sockets->address.port), kUdp);
}

TEST_CASE("dig gets over TCP what the rules say, and comes to it from a truncated answer") {
  if (!dig_is_here()) return;
  auto mesh = mesh::bookinfo();
  mesh::TestHost many{.host = "many.mesh.internal", .tiers = {{1, {}}}, .headless = true};
  for (int i = 1; i <= 200; ++i) many.tiers[0].endpoints.push_back({"10.0.0." + std::to_string(i)});
  dns::net::Tables tables(mesh.add(many).table());
  auto sockets = dns::net::open_sockets(live::loopback(), 1);
  REQUIRE(sockets.ok());
  const dns::net::UdpServer udp(std::move(sockets->udp), tables, 1);
  const auto tcp = dns::net::TcpServer::start(std::move(sockets->tcp), tables, 2);
  REQUIRE(tcp.ok());
  check("@127.0.0.1 -p " + std::to_string(sockets->address.port),
        {{"+tcp ratings.mesh.internal", {"status: NOERROR", "ANSWER: 3", "(TCP)"}, {}},
         {"+tcp +edns=1 +noednsneg ratings.mesh.internal", {"status: BADVERS"}, {}},
         {"+tcp ratings.mesh.internal ANY", {"HINFO"}, {}},
         {"+tcp ratings.mesh.internal AAAA", {"status: NOERROR", "AUTHORITY: 1"}, {}},
         {"+tcp mesh.internal AXFR", {"Transfer failed."}, {}},
         {"+tcp +keepopen ratings.mesh.internal nope.mesh.internal www.example.org",
          {"status: NOERROR", "status: NXDOMAIN", "status: REFUSED"},
          {}},
         {"many.mesh.internal", {"Truncated, retrying in TCP mode", "ANSWER: 200"}, {}},
         {"+ignore +bufsize=512 many.mesh.internal", {"flags: qr aa tc rd;", "udp: 1232"}, {}}});
}

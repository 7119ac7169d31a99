// A supervisor is played by the test: its end of the notification socket, and descriptors to pass.
#include "base/net/supervisor.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <thread>

#include "base/net/socket.hpp"

using base::SocketAddress;
using base::net::Fd;
using base::net::Supervisor;

namespace {

struct Said {
  std::string text;
  Fd socket;
};

class Systemd {
 public:
  Systemd() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;  // an abstract name of the kernel's choice
    REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t)) ==
            0);
    socklen_t size = sizeof address;
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    name = std::string(address.sun_path, size - sizeof(sa_family_t));
    name[0] = '@';
  }

  // The next message; empty when there is none.
  Said hear() {
    char text[512], control[CMSG_SPACE(sizeof(int))];
    iovec piece{text, sizeof text};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const auto size = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
    if (size < 0) return {};
    Said said{std::string(text, static_cast<std::size_t>(size)), Fd()};
    if (const auto* header = CMSG_FIRSTHDR(&message)) {
      int number;
      std::memcpy(&number, CMSG_DATA(header), sizeof number);
      said.socket = Fd(number);
    }
    return said;
  }

  // Whether another message can be said without a wait.
  bool has_room() const {
    const Fd other(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, name.data(), name.size());
    to.sun_path[0] = 0;
    return ::sendto(other.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&to),
                    static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())) == 1;
  }

  std::string name;

 private:
  Fd fd_;
};

bool connects(const SocketAddress& to) {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage{};
  const auto size = base::net::to_sockaddr(to, storage);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) == 0;
}

const auto kAnywhere = *SocketAddress::parse("127.0.0.1:0");

// As a child finds them: one number behind the other.
int pass(const std::vector<const Fd*>& sockets) {
  const int first = 200;
  for (std::size_t i = 0; i < sockets.size(); ++i)
    REQUIRE(::dup2(sockets[i]->get(), first + static_cast<int>(i)) >= 0);
  return first;
}

}  // namespace

TEST_CASE("a socket that was passed is claimed by kind and address, once") {
  const auto tcp = base::net::listen_tcp(kAnywhere);
  const auto at = *base::net::local_address(tcp->get());
  const auto udp = base::net::bind_udp(at);
  REQUIRE(udp);
  Supervisor supervisor;
  supervisor.adopt(pass({&*tcp, &*udp}), 2, "");
  CHECK(supervisor.holds(SOCK_DGRAM, at));
  CHECK_FALSE(supervisor.claim(SOCK_STREAM, *SocketAddress::parse("127.0.0.1:1")));
  const auto claimed = supervisor.claim(SOCK_DGRAM, at);
  REQUIRE(claimed);
  CHECK(*base::net::local_address(claimed->get()) == at);
  CHECK((::fcntl(claimed->get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK_FALSE(supervisor.claim(SOCK_DGRAM, at));
  CHECK(supervisor.close_rest() == std::vector{at});
  CHECK_FALSE(supervisor.claim(SOCK_STREAM, at));
}

TEST_CASE("what is opened anew is left with the supervisor, what goes is taken from it") {
  Systemd systemd;
  Supervisor supervisor;
  supervisor.adopt(0, 0, systemd.name);
  const auto tcp = base::net::listen_tcp(kAnywhere);
  const auto at = *base::net::local_address(tcp->get());
  supervisor.keep(tcp->get(), SOCK_STREAM, at);
  auto said = systemd.hear();
  const auto name = "tcp_127.0.0.1_" + std::to_string(at.port);
  CHECK(said.text == "FDSTORE=1\nFDNAME=" + name);
  REQUIRE(said.socket.valid());
  CHECK(*base::net::local_address(said.socket.get()) == at);
  supervisor.tell("READY=1");
  CHECK(systemd.hear().text == "READY=1");
  supervisor.drop(SOCK_STREAM, at);
  CHECK(systemd.hear().text == "FDSTOREREMOVE=1\nFDNAME=" + name);
  supervisor.drop(SOCK_STREAM, at);
  CHECK(systemd.hear().text.empty());
}

// systemd drops from its store what is hung up, and so is a socket that is bound and does not
// listen.
TEST_CASE("a socket of TCP listens before it is left with the supervisor") {
  Systemd systemd;
  Supervisor supervisor;
  supervisor.adopt(0, 0, systemd.name);
  const auto at = *base::net::local_address(base::net::listen_tcp(kAnywhere)->get());
  while (systemd.has_room()) {
  }  // who says more now waits until it is heard
  bool opened = false;
  std::thread opener([&] { opened = base::net::listen_tcp(at, {.supervisor = &supervisor}).ok(); });
  bool listens = false;
  for (int i = 0; i < 100'000 && !listens; ++i) listens = connects(at);
  while (!systemd.hear().socket.valid()) {
  }
  opener.join();
  CHECK(opened);
  CHECK(listens);
}

TEST_CASE("of two sockets of one address the one that is used stays in the store") {
  Systemd systemd;
  const base::net::BindOptions shared{.sharing = base::net::PortSharing::shared};
  const auto one = base::net::bind_udp(kAnywhere, shared);
  const auto at = *base::net::local_address(one->get());
  const auto other = base::net::bind_udp(at, shared);
  REQUIRE(other);
  Supervisor supervisor;
  supervisor.adopt(pass({&*one, &*other}), 2, systemd.name);
  const auto claimed = supervisor.claim(SOCK_DGRAM, at);
  REQUIRE(claimed);
  CHECK(supervisor.close_rest() == std::vector{at});
  CHECK(systemd.hear().text.starts_with("FDSTOREREMOVE=1"));
  auto said = systemd.hear();
  CHECK(said.text.starts_with("FDSTORE=1"));
  CHECK(said.socket.valid());
  CHECK(systemd.hear().text.empty());
}

TEST_CASE("without a supervisor nothing is said and nothing claimed") {
  Supervisor supervisor;
  supervisor.adopt(0, 0, "");
  supervisor.tell("READY=1");
  CHECK_FALSE(supervisor.claim(SOCK_STREAM, kAnywhere));
  CHECK(supervisor.close_rest().empty());
}

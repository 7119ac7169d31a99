// What started this process and starts the next one: systemd, or whatever speaks its protocol.
//
// Its listening sockets outlive a process: they come from socket activation or from the file
// descriptor store (LISTEN_FDS), and what a process binds by itself it leaves in that store
// (FDSTORE=1), so that a restart finds the same sockets with all that waits in them and loses
// nothing. listen_tcp() and bind_udp() ask the supervisor of their options first, by kind and
// address.
//
// Without LISTEN_FDS and NOTIFY_SOCKET every call does nothing. Thread: adopt_environment() before
// any other thread starts; the rest from any, behind a lock. Errors: a supervisor that does not
// listen is none. Source: sd_listen_fds(3), sd_notify(3), systemd.service(5)
// FileDescriptorStoreMax=.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/net/fd.hpp"

namespace base::net {

class Supervisor {
 public:
  Supervisor() = default;
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Takes what the environment names for this process, which children do not see any more.
  void adopt_environment();
  // Numbers from `first` on are ours; `notify`: the path of its socket, '@' before an abstract one,
  // empty for none.
  void adopt(int first, int count, std::string notify);

  // A socket of SOCK_STREAM that listens there, or of SOCK_DGRAM that is bound there; each once.
  // Non-blocking and close-on-exec, as if opened anew.
  std::optional<Fd> claim(int type, const SocketAddress& address);
  bool holds(int type, const SocketAddress& address) const;
  // Leaves a copy for the next process.
  void keep(int socket, int type, const SocketAddress& address);
  // It is no longer wanted there; copies here are the caller's to close.
  void drop(int type, const SocketAddress& address);
  // What nobody has claimed is closed here and there. Their addresses.
  std::vector<SocketAddress> close_rest();

  // One or more lines like "READY=1".
  void tell(std::string_view state) const;

 private:
  struct Held {
    Fd fd;
    int type = 0;
    SocketAddress address;
  };
  struct Kept {
    int number = -1;  // the owner's
    std::string name;
  };
  void send(std::string_view text, int socket = -1) const;  // with a copy of it
  void store(const Kept& kept) const;

  mutable std::mutex mutex_;
  std::string notify_;
  std::vector<Held> held_;
  std::vector<Kept> kept_;
};

}  // namespace base::net

// Preloaded, makes the kernel one that cannot cut a UDP message into datagrams (UDP_SEGMENT): what
// is grouped elsewhere goes one by one. Thread: any.
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

extern "C" int setsockopt(int socket, int level, int option, const void* value,
                          socklen_t size) noexcept {
  if (level == IPPROTO_UDP && option == UDP_SEGMENT) {
    errno = ENOPROTOOPT;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_setsockopt, socket, level, option, value, size));
}

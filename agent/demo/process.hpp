// A child process that does not outlive the demo: killed when its owner goes, and by the kernel
// should the demo die.
//
// Thread: one owner.
#pragma once

#include <sys/types.h>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace agent::demo {

class Process {
 public:
  // Runs this very program with `arguments`; its output goes to the file `log`.
  static base::Result<Process> start(const std::vector<std::string>& arguments,
                                     const std::string& log);
  Process() = default;
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  bool running();
  void kill(int signal);         // SIGKILL waits for the end too
  void release() { pid_ = -1; }  // leave it running

 private:
  pid_t pid_ = -1;
};

}  // namespace agent::demo

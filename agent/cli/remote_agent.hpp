// An agent on another host, as `nearmost register --agent` speaks to it.
//
// The certificate says for which cluster; it is read anew for each order, and so is the name looked
// up. Thread: one at a time.
#pragma once

#include <string>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace agent::cli {

class RemoteAgent {
 public:
  // `at`: HOST:PORT of its gossip.listen. `tls_dir`: cert.pem, key.pem and ca.pem; "" = insecure.
  static base::Result<RemoteAgent> make(const std::string& at, std::string tls_dir);

  // A lease of 0 takes it back.
  base::Result<void> order(const std::string& document, base::Duration lease) const;

 private:
  RemoteAgent(base::HostPort at, std::string tls_dir)
      : at_(std::move(at)), tls_dir_(std::move(tls_dir)) {}
  base::HostPort at_;
  std::string tls_dir_;
};

}  // namespace agent::cli

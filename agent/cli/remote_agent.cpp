#include "agent/cli/remote_agent.hpp"

#include <future>

#include "agent/tls_identity.hpp"
#include "discovery/rpc/registry.hpp"
#include "discovery/sources/resolver.hpp"

namespace agent::cli {
namespace {

constexpr base::Duration kPatience = std::chrono::seconds(5);

using SecurityPtr = std::shared_ptr<discovery::rpc::Security>;

base::Result<SecurityPtr> security_of(const std::string& dir) {
  using discovery::rpc::Security;
  if (dir.empty()) return Security::insecure();
  const tls::Files files{dir + "/cert.pem", dir + "/key.pem", dir + "/ca.pem"};
  const auto whose = tls::identity_in(files.cert);
  if (!whose) return whose.error();
  const auto loaded = tls::load(files, *whose, std::chrono::system_clock::now());
  if (!loaded) return loaded.error();
  return Security::mutual_tls({whose->trust_domain}, loaded->certificates);
}

base::Result<base::SocketAddress> address_of(const base::HostPort& at) {
  using discovery::sources::Resolver;
  std::promise<base::Result<Resolver::Found>> found;
  auto answer = found.get_future();
  Resolver resolver;
  resolver.resolve(at.host, [&found](auto result) { found.set_value(std::move(result)); });
  const auto addresses = answer.get();
  if (!addresses) return addresses.error();
  return base::SocketAddress{addresses->addresses.front(), at.port};
}

}  // namespace

base::Result<RemoteAgent> RemoteAgent::make(const std::string& at, std::string tls_dir) {
  auto parsed = base::HostPort::parse(at);
  if (!parsed) return base::invalid("--agent " + at + " is not HOST:PORT");
  return RemoteAgent(std::move(*parsed), std::move(tls_dir));
}

base::Result<void> RemoteAgent::order(const std::string& document, base::Duration lease) const {
  const auto security = security_of(tls_dir_);
  if (!security) return security.error();
  const auto address = address_of(at_);
  if (!address) return address.error();
  return discovery::rpc::order_registration(*address, *security, {document, lease}, kPatience);
}

}  // namespace agent::cli

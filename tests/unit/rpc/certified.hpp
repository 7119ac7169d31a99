// A mesh's certificates for tests.
#pragma once

#include <filesystem>
#include <string>

#include "agent/tls.hpp"
#include "discovery/rpc/security.hpp"

#include <catch2/catch.hpp>

namespace discovery::rpc {

namespace tls = agent::tls;

inline const auto kNow = std::chrono::system_clock::now();

// A mesh's CA in a folder of its own, gone with this object.
class Mesh {
 public:
  explicit Mesh(std::string trust_domain = "mesh.internal", tls::WallTime made = kNow)
      : trust_domain_(std::move(trust_domain)) {
    char name[] = "/tmp/nearmost-rpc-test-XXXXXX";
    REQUIRE(::mkdtemp(name));
    dir_ = name;
    REQUIRE(tls::init_ca(dir_, trust_domain_, made).ok());
  }
  ~Mesh() { std::filesystem::remove_all(dir_); }
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  Certificates issue(const std::string& cluster, tls::WallTime at = kNow,
                     tls::Bearer bearer = tls::Bearer::agent) const {
    REQUIRE(tls::issue(dir_, cluster, at, tls::Existing::overwrite, "", bearer).ok());
    const bool leaf = bearer == tls::Bearer::leaf;
    const auto folder = dir_ + "/" + cluster + (leaf ? "/leaf" : "");
    const auto loaded = tls::load({folder + "/cert.pem", folder + "/key.pem", folder + "/ca.pem"},
                                  {trust_domain_, cluster, leaf}, at);
    REQUIRE(loaded.ok());
    return loaded->certificates;
  }

 private:
  const std::string trust_domain_;
  std::string dir_;
};

inline std::shared_ptr<Security> with(Certificates certificates) {
  return Security::mutual_tls({"mesh.internal"}, std::move(certificates));
}

}  // namespace discovery::rpc

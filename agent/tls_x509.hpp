// OpenSSL's objects with owners, and the few operations on them that issuing and loading share.
//
// Thread: any.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/tls.hpp"

namespace agent::tls {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;

base::Result<std::string> read_pem_file(const std::string& path);

// The first certificate, or the key, in a PEM text that came from `path`.
base::Result<X509Ptr> parse_certificate(const std::string& pem, const std::string& path);
base::Result<std::vector<X509Ptr>> parse_certificates(const std::string& pem,
                                                      const std::string& path);
base::Result<KeyPtr> parse_key(const std::string& pem, const std::string& path);

// Why a certificate, the first of `chain`, does not lead to one of `authorities`; "" = it does.
std::string chain_objection(const std::vector<X509Ptr>& chain,
                            const std::vector<X509Ptr>& authorities, WallTime now);

std::string to_pem(X509& certificate);
std::string to_pem(EVP_PKEY& key);

std::string to_der(X509& certificate);

std::vector<std::string> uri_names(X509& certificate);
WallTime to_wall_time(const ASN1_TIME* time);

// OpenSSL's word for what went wrong last in this thread; empties its queue.
std::string openssl_reason();

}  // namespace agent::tls

#include "agent/tls_x509.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <ctime>
#include <fstream>

namespace agent::tls {
namespace {

BioPtr reading(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO& bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(&bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

// Instead of asking at the terminal for the password of an encrypted key.
int no_password(char*, int, int, void*) { return 0; }

}  // namespace

std::string openssl_reason() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "unknown error";
}

base::Result<std::string> read_pem_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxPemBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.is_open() || (file.fail() && !file.eof()))
    return base::from_errno("cannot read " + path, errno != 0 ? errno : EIO);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxPemBytes)
    return base::invalid(path + " is larger than " + std::to_string(kMaxPemBytes) +
                         " bytes: no certificate or key is");
  return text;
}

base::Result<std::vector<X509Ptr>> parse_certificates(const std::string& pem,
                                                      const std::string& path) {
  const auto bio = reading(pem);
  std::vector<X509Ptr> certificates;
  while (auto* one = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr))
    certificates.emplace_back(one);
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  if (certificates.empty())
    return base::invalid(path + " holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  return certificates;
}

base::Result<X509Ptr> parse_certificate(const std::string& pem, const std::string& path) {
  auto all = parse_certificates(pem, path);
  if (!all) return all.error();
  return std::move(all->front());
}

base::Result<KeyPtr> parse_key(const std::string& pem, const std::string& path) {
  const auto bio = reading(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!key)
    return base::invalid(path +
                         " holds no private key in PEM without a password "
                         "(-----BEGIN PRIVATE KEY-----)");
  return key;
}

std::string chain_objection(const std::vector<X509Ptr>& chain,
                            const std::vector<X509Ptr>& authorities, WallTime now) {
  const std::unique_ptr<X509_STORE, Free<X509_STORE_free>> store(X509_STORE_new());
  for (const auto& authority : authorities) X509_STORE_add_cert(store.get(), authority.get());
  struct FreeStack {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
  };
  const std::unique_ptr<STACK_OF(X509), FreeStack> rest(sk_X509_new_null());
  for (std::size_t i = 1; i < chain.size(); ++i) sk_X509_push(rest.get(), chain[i].get());
  const std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(), rest.get());
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()),
                             std::chrono::system_clock::to_time_t(now));
  const bool holds = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  return holds ? "" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

std::string to_pem(X509& certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  INVARIANT(PEM_write_bio_X509(bio.get(), &certificate) == 1);
  return text_of(*bio);
}

std::string to_pem(EVP_PKEY& key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  INVARIANT(PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) ==
            1);
  return text_of(*bio);
}

std::string to_der(X509& certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(&certificate, &bytes);
  INVARIANT(size > 0);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

std::vector<std::string> uri_names(X509& certificate) {
  const std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> uris;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const auto* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<std::size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

WallTime to_wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace agent::tls

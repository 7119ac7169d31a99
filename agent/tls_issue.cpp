#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "agent/tls.hpp"
#include "agent/tls_x509.hpp"
#include "discovery/identity.hpp"
#include "discovery/leaf_identity.hpp"
#include "discovery/origin.hpp"
#include "discovery/sources/whole_file.hpp"

namespace agent::tls {
namespace {

constexpr ::mode_t kSecret = 0600;
constexpr ::mode_t kPublic = 0644;

struct NewFile {
  std::string path, text;
  ::mode_t mode = kPublic;
};

std::string join(const std::string& dir, std::string_view name) {
  return (std::filesystem::path(dir) / name).lexically_normal().string();
}

base::Result<Written> write_files(const std::string& dir, const std::vector<NewFile>& files,
                                  Existing existing, std::string next) {
  if (existing == Existing::keep)
    for (const auto& file : files)
      if (std::error_code ignored; std::filesystem::exists(file.path, ignored))
        return base::invalid(file.path +
                             " exists already: use another --dir, or --force to replace it");
  std::error_code failed;
  std::filesystem::create_directories(dir, failed);
  if (failed) return base::from_errno("cannot create " + dir, failed.value());
  Written written{{}, std::move(next)};
  for (const auto& file : files) {
    const auto done = discovery::sources::write_whole(file.path, file.text, file.mode);
    if (!done) return done.error();
    written.files.push_back(file.path);
  }
  return written;
}

struct Request {
  std::string common_name;  // for people; identity is the URI
  std::string uri;
  WallTime from, until;
  enum class For { ca, cluster } purpose = For::cluster;
};

ASN1_INTEGER* random_serial() {
  std::array<unsigned char, 16> bytes{};
  INVARIANT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  bytes[0] &= 0x7f;  // positive (RFC 5280 §4.1.2.2)
  const std::unique_ptr<BIGNUM, Free<BN_free>> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return BN_to_ASN1_INTEGER(number.get(), nullptr);
}

void extend(X509& certificate, X509& issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  INVARIANT(extension && X509_add_ext(&certificate, extension.get(), -1) == 1);
}

// X509-SVID §3 and §4 say which extensions; `issuer` null: signed by itself.
X509Ptr sign(const Request& request, EVP_PKEY& key, X509* issuer, EVP_PKEY& issuer_key) {
  X509Ptr certificate(X509_new());
  X509& x = *certificate;
  X509_set_version(&x, X509_VERSION_3);
  const std::unique_ptr<ASN1_INTEGER, Free<ASN1_INTEGER_free>> serial(random_serial());
  X509_set_serialNumber(&x, serial.get());
  ASN1_TIME_set(X509_getm_notBefore(&x), std::chrono::system_clock::to_time_t(request.from));
  ASN1_TIME_set(X509_getm_notAfter(&x), std::chrono::system_clock::to_time_t(request.until));
  X509_set_pubkey(&x, &key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(&x), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(request.common_name.c_str()),
                             -1, -1, 0);
  X509& by = issuer ? *issuer : x;
  X509_set_issuer_name(&x, X509_get_subject_name(&by));
  const bool ca = request.purpose == Request::For::ca;
  extend(x, by, NID_basic_constraints, ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE");
  extend(x, by, NID_key_usage, ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  if (!ca) extend(x, by, NID_ext_key_usage, "serverAuth,clientAuth");
  extend(x, by, NID_subject_key_identifier, "hash");
  extend(x, by, NID_authority_key_identifier, "keyid:always");
  extend(x, by, NID_subject_alt_name, ("URI:" + request.uri).c_str());
  INVARIANT(X509_sign(&x, &issuer_key, EVP_sha256()) > 0);
  return certificate;
}

KeyPtr new_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  INVARIANT(key);
  return key;
}

constexpr std::string_view kCaScheme = "spiffe://";

}  // namespace

base::Result<Written> init_ca(const std::string& dir, const std::string& trust_domain, WallTime now,
                              Existing existing) {
  if (!discovery::is_trust_domain(trust_domain))
    return base::invalid(
        "\"" + trust_domain +
        "\" is no trust domain: use a host name in lower case, like mesh.internal");
  const auto key = new_key();
  const auto certificate =
      sign({trust_domain.substr(0, 48) + " CA", std::string(kCaScheme) + trust_domain,
            now - kClockSkew, now + kCaLifetime, Request::For::ca},
           *key, nullptr, *key);
  return write_files(dir,
                     {{join(dir, "ca-key.pem"), to_pem(*key), kSecret},
                      {join(dir, "ca.pem"), to_pem(*certificate)}},
                     existing, "nearmost tls issue --cluster NAME --dir " + dir);
}

base::Result<Written> issue(const std::string& dir, const std::string& cluster, WallTime now,
                            Existing existing, const std::string& out, Bearer bearer) {
  if (!discovery::is_cluster_name(cluster))
    return base::invalid("\"" + cluster +
                         "\" is no cluster name: use lower-case letters, digits and -");
  const auto ca_path = join(dir, "ca.pem"), ca_key_path = join(dir, "ca-key.pem");
  const auto ca_pem = read_pem_file(ca_path);
  const auto ca_key_pem = read_pem_file(ca_key_path);
  if (!ca_pem || !ca_key_pem)
    return base::Error{base::Code::not_found, (ca_pem ? ca_key_pem : ca_pem).error().message +
                                                  "; make a CA first: nearmost tls init --dir " +
                                                  dir};
  const auto ca = parse_certificate(*ca_pem, ca_path);
  if (!ca) return ca.error();
  const auto ca_key = parse_key(*ca_key_pem, ca_key_path);
  if (!ca_key) return ca_key.error();
  if (X509_check_private_key(ca->get(), ca_key->get()) != 1)
    return base::invalid(ca_key_path + " is not the key of " + ca_path);
  const auto names = uri_names(**ca);
  if (names.size() != 1 || !names[0].starts_with(kCaScheme) ||
      !discovery::is_trust_domain(names[0].substr(kCaScheme.size())))
    return base::invalid(ca_path + " names no trust domain: make it with nearmost tls init");
  const auto ca_end = to_wall_time(X509_get0_notAfter(ca->get()));
  if (ca_end <= now)
    return base::invalid(ca_path + " has expired: make a new CA with nearmost tls init");

  const discovery::Identity identity{names[0].substr(kCaScheme.size()), cluster};
  const bool leaf = bearer == Bearer::leaf;
  const auto key = new_key();
  const auto certificate =
      sign({leaf ? cluster + " leaf" : cluster,
            leaf ? discovery::leaf_uri(identity.uri()) : identity.uri(), now - kClockSkew,
            std::min(now + kLeafLifetime, ca_end), Request::For::cluster},
           *key, ca->get(), **ca_key);
  const auto folder = out.empty() ? join(dir, leaf ? cluster + "/leaf" : cluster) : out;
  return write_files(
      folder,
      {{join(folder, "key.pem"), to_pem(*key), kSecret},
       {join(folder, "cert.pem"), to_pem(*certificate)},
       {join(folder, "ca.pem"), *ca_pem}},
      existing,
      "copy " + folder + " to " + (leaf ? "each leaf" : "the agent") + " of " + cluster +
          ", beside its agent.yaml, as tls or tls/" + cluster + (leaf ? "/leaf" : "") +
          (identity.trust_domain == kDefaultTrustDomain
               ? ""
               : "; agent.yaml needs gossip: {trustDomain: " + identity.trust_domain + "}"));
}

}  // namespace agent::tls

#include "tests/server/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace anabranch::test {

struct Root::Pair {
  std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key{nullptr, ::EVP_PKEY_free};
  std::unique_ptr<X509, decltype(&::X509_free)> certificate{nullptr, ::X509_free};
};

namespace {

void check(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context{};
  ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const made = ::X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  check(made != nullptr, value);
  ::X509_add_ext(certificate, made, -1);
  ::X509_EXTENSION_free(made);
}

// Fills in a certificate and signs it; an issuer of null: by itself.
void make(EVP_PKEY* key, X509* certificate, EVP_PKEY* issuer_key, X509* issuer,
          const std::string& name, long seconds) {
  static long number = 1;
  ::X509_set_version(certificate, X509_VERSION_3);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate), number++);
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate), -3600);
  ::X509_gmtime_adj(::X509_getm_notAfter(certificate), seconds);
  ::X509_set_pubkey(certificate, key);
  ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* const by = issuer != nullptr ? issuer : certificate;
  ::X509_set_issuer_name(certificate, ::X509_get_subject_name(by));
  if (issuer == nullptr) {
    add_extension(certificate, by, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    add_extension(certificate, by, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  }
  EVP_PKEY* const by_key = issuer_key != nullptr ? issuer_key : key;
  check(::X509_sign(certificate, by_key, ::EVP_sha256()) != 0, "sign");
}

Certificate write(const std::filesystem::path& folder, const std::string& name, EVP_PKEY* key,
                  X509* certificate) {
  Certificate made{(folder / (name + ".crt")).string(), (folder / (name + ".key")).string()};
  FILE* file = std::fopen(made.certificate.c_str(), "w");
  check(file != nullptr && ::PEM_write_X509(file, certificate) == 1, "write");
  std::fclose(file);
  file = std::fopen(made.key.c_str(), "w");
  check(file != nullptr, "write");
  ::chmod(made.key.c_str(), 0600);
  check(::PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "write");
  std::fclose(file);
  return made;
}

}  // namespace

Root::Root(const std::filesystem::path& folder, const std::string& name)
    : folder_(folder), pair_(new Pair) {
  pair_->key.reset(EVP_EC_gen("P-256"));
  pair_->certificate.reset(::X509_new());
  make(pair_->key.get(), pair_->certificate.get(), nullptr, nullptr, name, 3600);
  own_ = write(folder, name, pair_->key.get(), pair_->certificate.get());
}

Root::~Root() { delete pair_; }

Certificate Root::sign(const std::string& name, long seconds) const {
  Pair made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(::X509_new());
  make(made.key.get(), made.certificate.get(), pair_->key.get(), pair_->certificate.get(), name,
       seconds);
  return write(folder_, name, made.key.get(), made.certificate.get());
}

}  // namespace anabranch::test

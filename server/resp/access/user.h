// A user: whether it may log in, by which passwords, and its rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/verbs/concern_words.h"
#include "server/resp/access/rules.h"

namespace anabranch::server {

class User {
 public:
  static constexpr std::size_t kPasswordsMax = 100;

  explicit User(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  // Whether a connection is this user without saying so: it is enabled and needs no password.
  [[nodiscard]] bool is_open() const { return enabled_ && no_password_; }
  [[nodiscard]] bool needs_password() const { return !no_password_; }
  [[nodiscard]] bool enabled() const { return enabled_; }
  // Whether it may log in with a password. Takes the same time for each wrong one.
  [[nodiscard]] bool accepts(std::string_view password) const;
  // The same with the hash of a password (password.h).
  [[nodiscard]] bool accepts_hash(std::string_view hash) const;
  [[nodiscard]] const Rules& rules() const { return rules_; }
  // The hashes of its passwords.
  [[nodiscard]] const std::vector<std::string>& passwords() const { return passwords_; }
  // "on", "nopass".
  [[nodiscard]] std::vector<std::string_view> flags() const;
  // All of it but the name, in the form of a file: "on nopass ~* &* +@all".
  [[nodiscard]] std::string text() const;

  // The concern of its writes, which goes before those of keys; nullopt: it has none.
  [[nodiscard]] const std::optional<control::ConcernTerms>& concern() const { return concern_; }

  // Applies a rule. Returns the error in the words of Redis; empty if there is none.
  std::string apply(std::string_view rule, const Catalogue& catalogue);
  // Takes over everything but the name.
  void take_over(const User& other);

  bool operator==(const User&) const = default;

 private:
  // Whether values of RESTORE are trusted; kept for Redis, which writes it.
  enum class Payload : std::uint8_t { kUnsaid, kChecked, kTrusted };

  void reset();
  std::string add_password(std::string_view hash);
  std::string remove_password(std::string_view hash);

  std::string name_;
  bool enabled_ = false;
  bool no_password_ = false;
  Payload payload_ = Payload::kUnsaid;
  std::vector<std::string> passwords_;
  Rules rules_;
  std::optional<control::ConcernTerms> concern_;
};

// Returns a concern as a rule of a user: "concern=DURABLE,COUNT,2,WITHIN,5000". Names with a comma
// cannot be written so.
[[nodiscard]] std::string concern_rule(const control::ConcernTerms& terms);

}  // namespace anabranch::server

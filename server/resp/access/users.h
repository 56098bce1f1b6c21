// All users. There is always one named default: it is who a connection is that has said nothing.
//
// A user stays at its address as long as it exists, so that connections may point to it. Those that
// are removed are handed to the caller, who ends their connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "server/resp/access/catalogue.h"
#include "server/resp/access/user.h"

namespace anabranch::server {

// Movable. Not thread-safe.
class Users {
 public:
  using All = std::map<std::string, std::unique_ptr<User>, std::less<>>;
  static constexpr std::size_t kMax = 10'000;
  static constexpr std::string_view kDefault = "default";

  // What a file has changed.
  struct Change {
    std::vector<std::unique_ptr<User>> removed;
    std::vector<const User*> changed;  // Not new ones, and not the default user.
  };

  // Why a user with a new concern is refused; empty if it is not.
  using Check = std::function<std::string(const control::ConcernTerms&)>;

  // The default user may do everything, without a password.
  explicit Users(const Catalogue& catalogue);

  [[nodiscard]] const All& all() const { return users_; }
  [[nodiscard]] const User& default_user() const { return *users_.find(kDefault)->second; }
  // Returns null if there is none of this name.
  [[nodiscard]] const User* find(std::string_view name) const;
  // Returns the user of this name, if the password is right; else null. A wrong name takes the time
  // of a wrong password.
  [[nodiscard]] const User* log_in(std::string_view name, std::string_view password) const;
  // Changes whenever a user does.
  [[nodiscard]] std::uint64_t version() const { return version_; }

  // Applies rules to a user, who is new if there is none of this name: all of them, or none. Fails
  // with kInvalid, in the words of Redis.
  core::Result<void> set(std::string_view name, std::span<const std::string_view> rules,
                         const Check& check = {});
  // Removes a user other than the default one; null if there is none of this name.
  std::unique_ptr<User> remove(std::string_view name);

  // Returns the lines of a file, each "user NAME RULES".
  [[nodiscard]] std::string text() const;
  // Replaces all users by those of a file, where `file` is its name in errors. If there is any
  // mistake nothing changes, and all of them are in the error, in the words of Redis (kInvalid).
  core::Result<Change> replace(std::string_view text, std::string_view file,
                               const Check& check = {});

 private:
  // Reads the line of a user. Returns the error; empty if there is none.
  [[nodiscard]] std::string read_line(std::string_view line, const std::string& place,
                                      All& users) const;
  [[nodiscard]] std::unique_ptr<User> make_default() const;
  // Why a user may not have its concern; empty if it may, or has had it before.
  [[nodiscard]] std::string refusal(const User& user, const Check& check) const;

  Catalogue catalogue_;
  All users_;
  std::uint64_t version_ = 0;
};

}  // namespace anabranch::server

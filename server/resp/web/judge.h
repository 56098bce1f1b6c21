// Whether a user may do something at the HTTP port: by the users, waits and notes of the Redis
// port.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "http/gate.h"
#include "server/resp/access/denial_log.h"
#include "server/resp/access/failed_logins.h"
#include "server/resp/access/users.h"
#include "server/steady_clock.h"

namespace anabranch::server {

// Not thread-safe, but for has_users().
class Judge {
 public:
  struct World {
    Users& users;
    FailedLogins& failed_logins;
    DenialLog& denials;
    Catalogue catalogue;
    bool insecure = false;     // Clients of other machines may be users without a password.
    bool always_asks = false;  // Also while the default user needs no password.
  };

  explicit Judge(const World& world);

  // Whether clients must be users: once it is so it stays so. Thread-safe.
  [[nodiscard]] bool has_users() const { return has_users_; }
  [[nodiscard]] http::Gate::Ruling rule(const http::Gate::Question& question);
  // Looks at rights that last, if the users have changed.
  void follow();

 private:
  struct Lasting {
    http::Gate::Question question;  // Without the password,
    std::string hash;               // but with that of it.
    std::weak_ptr<std::atomic<bool>> holds;
  };

  // The row of a verb; null if there is none, or not with so many words.
  [[nodiscard]] const Command* row_of(const std::vector<std::string>& verb) const;
  [[nodiscard]] Denial denial_of(const User& user, const std::vector<std::string>& verb) const;
  // Whether a user is one for clients of this address, the password being right.
  [[nodiscard]] bool may_come(const User& user, const std::string& from) const;
  [[nodiscard]] bool still_holds(const Lasting& lasting) const;
  void note(DenialEntry entry, const http::Gate::Question& question);

  World world_;
  std::atomic<bool> has_users_ = false;
  std::uint64_t version_ = 0;  // Of the users.
  std::vector<Lasting> lasting_;
};

}  // namespace anabranch::server

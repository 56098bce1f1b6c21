// The concerns that do not come from connections: those of users, of prefixes of keys, and of the
// mesh. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/resp/concern/concern.h"

namespace anabranch::server {

class User;

class ConcernRules {
 public:
  // Of the keys of a database with a prefix, or of the mesh.
  struct Rule {
    bool mesh = false;
    std::uint8_t database = 0;
    std::string prefix = {};
    SharedConcern concern = {};  // Null: this version cannot read it, so it holds nobody.
    // The rule with the next shorter prefix of the same database; none: the mesh.
    const Rule* shorter = nullptr;

    // "the mesh", "database 0 "app:"".
    [[nodiscard]] std::string place() const;
  };

  // Replaces all rules of keys and the mesh.
  void use(std::vector<Rule> rules);
  // Replaces the concerns of users.
  void use(std::map<const User*, SharedConcern> users) { users_ = std::move(users); }

  // Returns the rule of a key: that of the longest prefix, else that of the mesh; null for none.
  [[nodiscard]] const Rule* of_key(std::uint8_t database, std::string_view key) const;
  [[nodiscard]] const Rule* of_mesh() const { return mesh_; }
  // Returns the concern of a user; null for none, and for a null user.
  [[nodiscard]] SharedConcern of_user(const User* user) const;
  // Those of keys by database and prefix; the mesh comes first.
  [[nodiscard]] const std::vector<Rule>& all() const { return rules_; }
  [[nodiscard]] const std::map<const User*, SharedConcern>& users() const { return users_; }

 private:
  std::vector<Rule> rules_;  // Sorted.
  const Rule* mesh_ = nullptr;
  std::map<const User*, SharedConcern> users_;
};

}  // namespace anabranch::server

// Root that checks the files of a service finds what the service will find: whether its user may
// read them, and whether they are for nobody else.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace anabranch::server::cli {

// Gives this process the rights of the user to whom a data directory belongs, as long as it lives.
// Not thread-safe: the rights are those of all threads.
class ServiceUser {
 public:
  // Changes nothing unless this process is root's, and the directory, or the folder that it will be
  // in, belongs to another user; nor where the system refuses that.
  explicit ServiceUser(const std::string& directory);
  ~ServiceUser();
  ServiceUser(const ServiceUser&) = delete;
  ServiceUser& operator=(const ServiceUser&) = delete;

  // Returns "the user NAME, to whom the data directory belongs"; empty if nothing was changed.
  [[nodiscard]] const std::string& who() const { return who_; }
  // Returns whether a file can be read with the rights of now.
  [[nodiscard]] static bool may_read(const std::string& path);

 private:
  void give_back() const;

  std::string who_;
  gid_t group_ = 0;
  std::vector<gid_t> groups_;
};

}  // namespace anabranch::server::cli

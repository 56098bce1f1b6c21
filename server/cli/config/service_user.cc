#include "server/cli/config/service_user.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

namespace anabranch::server::cli {
namespace {

constexpr std::size_t kEntryMax = 16384;

// The owner of a directory, or of the folder that it will be in; root where neither is there.
uid_t owner_of(const std::string& directory) {
  struct stat facts {};
  if (::stat(directory.c_str(), &facts) == 0) return facts.st_uid;
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::absolute(directory, error).parent_path();
  return ::stat(folder.c_str(), &facts) == 0 ? facts.st_uid : 0;
}

}  // namespace

ServiceUser::ServiceUser(const std::string& directory) {
  const uid_t owner = directory.empty() || ::geteuid() != 0 ? 0 : owner_of(directory);
  if (owner == 0) return;
  std::array<char, kEntryMax> room{};
  struct passwd entry {};
  struct passwd* found = nullptr;
  if (::getpwuid_r(owner, &entry, room.data(), room.size(), &found) != 0) return;
  const int count = ::getgroups(0, nullptr);
  if (found == nullptr || count < 0) return;  // A number without a name has no groups.
  group_ = ::getegid();
  groups_.resize(static_cast<std::size_t>(count));
  if (::getgroups(count, groups_.data()) != count) return;
  const bool taken = ::initgroups(found->pw_name, found->pw_gid) == 0 &&
                     ::setegid(found->pw_gid) == 0 && ::seteuid(owner) == 0;
  if (!taken) {
    give_back();
    return;
  }
  who_ = std::string("the user ") + found->pw_name + ", to whom the data directory belongs";
}

ServiceUser::~ServiceUser() {
  if (!who_.empty()) give_back();
}

// A call that fails leaves this process with fewer rights than it had: no harm to anybody.
void ServiceUser::give_back() const {
  if (::seteuid(0) != 0 || ::setegid(group_) != 0) return;
  (void)::setgroups(groups_.size(), groups_.data());
}

bool ServiceUser::may_read(const std::string& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
}

}  // namespace anabranch::server::cli

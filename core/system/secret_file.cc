#include "core/system/secret_file.h"

#include <unistd.h>

#include <algorithm>

namespace anabranch::core {

FileReader FileReader::self() {
  FileReader reader{::geteuid(), {::getegid()}};
  const int count = ::getgroups(0, nullptr);
  if (count <= 0) return reader;
  std::vector<gid_t> others(static_cast<std::size_t>(count));
  // No other thread changes the groups meanwhile.
  const int got = ::getgroups(count, others.data());
  others.resize(static_cast<std::size_t>(std::max(got, 0)));
  reader.groups.insert(reader.groups.end(), others.begin(), others.end());
  return reader;
}

std::string why_exposed(const struct stat& facts, const FileReader& reader) {
  constexpr mode_t kGroupMayNot = S_IWGRP | S_IXGRP;
  if ((facts.st_mode & S_IRWXO) != 0) {
    return "others can read it: chmod 600 it, or 640 with a group of the server";
  }
  if ((facts.st_mode & kGroupMayNot) != 0) return "its group can change it: chmod 640 it";
  if ((facts.st_mode & S_IRGRP) == 0) return {};
  if (facts.st_uid != 0 && facts.st_uid != reader.user) {
    return "its group can read it, and it belongs to neither root nor the user of the server: "
           "chmod 600 it, or chown it";
  }
  if (facts.st_gid != 0 && std::ranges::count(reader.groups, facts.st_gid) == 0) {
    return "its group can read it, and the server is not in that group: chmod 600 it, or chgrp it";
  }
  return {};
}

}  // namespace anabranch::core

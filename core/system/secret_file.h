// Whether a file with secrets lies where others could take it. Debian keeps keys in
// /etc/ssl/private, which belongs to root and whose group ssl-cert may read: a group that the
// server is a member of. Kubernetes mounts secrets as files of root that the group of the pod may
// read.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace anabranch::core {

// A process, as the system sees it when it opens files.
struct FileReader {
  uid_t user = 0;
  std::vector<gid_t> groups = {};

  // Returns this process. Fails never: a process without further groups has its own.
  static FileReader self();
};

// Returns why a file with a secret is refused, and what to do; empty if it is not. A file for its
// owner alone is fine. Its group may read it if the file belongs to root or the reader's user, and
// the group is root's or one of the reader's.
std::string why_exposed(const struct stat& facts, const FileReader& reader);

}  // namespace anabranch::core

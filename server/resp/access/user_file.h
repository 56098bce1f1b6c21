// The file of users: others may not read it, since it has the hashes of passwords.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "server/resp/access/users.h"

namespace anabranch::server {

// Returns the text of a file. Fails with kInvalid, naming the file, if it is none, is larger than
// 16 MiB, belongs to another user than this process' or root, or if others can read it
// (core/system/secret_file.h); kIo.
core::Result<std::string> read_user_file(const std::string& path);
// Replaces a file: a reader sees the old text or the new one, also after a crash. Its mode is 0600.
// Fails with kIo; then the file is as before.
core::Result<void> write_user_file(const std::string& path, std::string_view text);

// Returns the users of a file; without a file only the default one, who may do everything. Fails as
// read_user_file and Users::replace.
core::Result<Users> load_users(const std::string& path, const Catalogue& catalogue);

}  // namespace anabranch::server

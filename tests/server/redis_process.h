// A real redis-server on a Unix socket in a temporary folder, to compare with.

#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "tests/server/resp_client.h"
#include "tests/temp_dir.h"

namespace anabranch::test {

class RedisProcess {
 public:
  // Whether there is a redis-server on this machine.
  static bool installed();

  // Starts one and waits until it answers. Throws std::runtime_error when it does not.
  RedisProcess();
  ~RedisProcess();
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  RespClient client() const { return RespClient(socket()); }

 private:
  std::string socket() const { return (folder_.path() / "redis.sock").string(); }

  TempDir folder_;
  pid_t pid_ = -1;
};

}  // namespace anabranch::test

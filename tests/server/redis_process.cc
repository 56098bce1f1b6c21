#include "tests/server/redis_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace anabranch::test {

bool RedisProcess::installed() {
  const char* path = std::getenv("PATH");
  std::string_view left = path != nullptr ? path : "";
  while (!left.empty()) {
    const std::size_t end = std::min(left.find(':'), left.size());
    const std::string program = std::string(left.substr(0, end)) + "/redis-server";
    if (::access(program.c_str(), X_OK) == 0) return true;
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return false;
}

RedisProcess::RedisProcess() {
  const std::string path = socket();
  const std::string folder = folder_.path().string();
  pid_ = ::fork();
  if (pid_ == 0) {
    const int silent = ::open("/dev/null", O_RDWR);
    ::dup2(silent, STDOUT_FILENO);
    ::execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path.c_str(), "--save",
             "", "--appendonly", "no", "--dir", folder.c_str(), nullptr);
    ::_exit(127);
  }
  for (int i = 0; i < 1000; ++i) {
    try {
      if (client().ask({"PING"}) == "+PONG\r\n") return;
    } catch (const std::runtime_error&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  throw std::runtime_error("redis-server does not answer");
}

RedisProcess::~RedisProcess() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace anabranch::test

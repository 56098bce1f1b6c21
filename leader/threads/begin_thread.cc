#include "leader/threads/begin_thread.h"

#include <anabranch/error.h>

#include <string>
#include <system_error>
#include <utility>

namespace anabranch::leader {

std::thread begin_thread(std::function<void()> body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::kIo,
                std::string("the system begins no more threads (see ulimit -u, and the limits of "
                            "the container): ") +
                    error.what());
  }
}

}  // namespace anabranch::leader

// A thread that takes no signals: signals are for the threads of the embedding program.
#pragma once

#include <functional>
#include <thread>

namespace anabranch::transport {

std::thread start_quiet_thread(std::function<void()> body);

}  // namespace anabranch::transport

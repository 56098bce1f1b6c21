// A thread that takes no signals: those are for the threads of whoever embeds this library.
#pragma once

#include <functional>
#include <thread>

namespace anabranch::transport {

std::thread start_quiet_thread(std::function<void()> body);

}  // namespace anabranch::transport

// Begins the threads of a store. The system may refuse a thread; that is reported as an error.
#pragma once

#include <functional>
#include <thread>

namespace anabranch::leader {

using BeginThread = std::function<std::thread(std::function<void()>)>;

// Throws Error{kIo} if the system refuses the thread.
std::thread begin_thread(std::function<void()> body);

}  // namespace anabranch::leader

// A thread that asks a leader, one question after the other, since that may wait.
//
// Bounds: kWaitingMax different questions wait; the same question that waits already is asked once
// for all. So what each gets was read after it had asked.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "control/resp/file.h"
#include "core/result.h"
#include "http/control_client.h"

namespace anabranch::http {

// Thread-safe.
class Asker {
 public:
  using Words = ControlClient::Words;
  // Called on the thread of the asker.
  using Then = std::function<void(const core::Result<std::string>&)>;

  // A question that it asks by itself, every second; none without words.
  struct EverySecond {
    Words words;
    Then then;
  };

  static constexpr std::size_t kWaitingMax = 64;

  Asker(const std::string& directory, std::chrono::milliseconds time, EverySecond every_second);
  // Ends the question under way; those that wait get no answer.
  ~Asker();
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  // Begins. Throws Error{kIo} if the system has no thread left.
  void start();
  // Ends the thread; nothing is called any more.
  void stop();
  // Returns false, and never calls, if too much waits. With `alone` it is not merged with an equal
  // question: it acts.
  bool ask(Words words, Then then, bool alone = false);

 private:
  struct Question {
    Words words;
    std::vector<Then> then;
    bool alone = false;
  };

  void run();
  // Waits for a question until then; none with empty words.
  Question next(std::chrono::steady_clock::time_point until);

  const std::chrono::milliseconds time_;
  const EverySecond every_second_;
  control::File stop_;   // Readable once it is over.
  control::File waits_;  // Readable when a question waits.
  ControlClient client_;
  std::mutex mutex_;
  std::deque<Question> questions_;
  std::thread thread_;
};

}  // namespace anabranch::http

// Users at the HTTP port: the program around it knows them, and decides who may do what. A store
// has none.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace anabranch::http {

// Thread-safe.
class Gate {
 public:
  // Whether a user may run a verb of ANABRANCH.
  struct Question {
    std::string user;
    std::string password;
    std::vector<std::string> verb;  // {"PEER", "PAUSE", "us"}.
    std::string from;               // The address of the client; of a socket on a path, a word.
    bool lasts = false;             // The answer is a stream: the right is to be followed.
  };

  // kUnknown: there is no such user, or the password is wrong.
  enum class Verdict : std::uint8_t { kMay, kMayNot, kUnknown };

  struct Ruling {
    Verdict verdict = Verdict::kUnknown;
    std::chrono::milliseconds delay{0};  // Before it is told.
    // Of a right that lasts: whether the user still has it.
    std::shared_ptr<const std::atomic<bool>> holds = {};
  };

  using Then = std::function<void(const Ruling&)>;

  virtual ~Gate() = default;
  // Whether all who come must be users. Once it is so it stays so.
  [[nodiscard]] virtual bool has_users() const = 0;
  // Asks; calls back later, on a thread of its own. Returns false, and never calls, if too many
  // questions wait.
  virtual bool ask(Question question, Then then) = 0;
  // Forgets all questions: once it returns nobody is called any more.
  virtual void leave() = 0;
};

}  // namespace anabranch::http

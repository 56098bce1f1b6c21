// wabt's interpreter behind a header without wabt: its own headers are C++17. Knows no rule but
// that two globals count (meter.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace anabranch::plugins {

// A metered module in the interpreter's form: immutable, shared by the interpreters of all threads.
class Program {
 public:
  // The numbers of a module's parts.
  struct Parts {
    std::uint32_t fuel = 0;
    std::uint32_t slots = 0;
    std::uint32_t memory = 0;
    std::uint32_t alloc = 0;
    std::uint32_t resolve = 0;
  };
  struct Desc;

  // Returns null if the bytes are no module.
  static std::shared_ptr<const Program> load(std::string_view metered, const Parts& parts);
  Program(Desc desc, const Parts& parts);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  [[nodiscard]] const Desc& desc() const { return *desc_; }
  [[nodiscard]] const Parts& parts() const { return parts_; }

 private:
  std::unique_ptr<const Desc> desc_;
  Parts parts_;
};

// Runs calls of one program. For one thread at a time.
class Interpreter {
 public:
  // The end of a call. `answer` is the i64 of the module where it ended by itself.
  struct End {
    enum class How : std::uint8_t { kReturned, kTrapped, kNoRoom };

    How how = How::kTrapped;
    std::int64_t answer = 0;
    std::int32_t fuel = 0;   // What is left.
    std::int32_t slots = 0;  // The same of the stack.
  };

  // The state that a call begins with: that of a new instance, or the one that the last call has
  // left, if there was one.
  enum class From : std::uint8_t { kNew, kLeft };

  explicit Interpreter(std::shared_ptr<const Program> program);
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  ~Interpreter();

  // Returns why an instance cannot be made, such as a segment outside of the memory; empty if it
  // can be.
  std::string try_instance();
  // Makes that state, has the module allocate room for the input, puts the input there and calls
  // the resolver. kNoRoom: the room lies outside of its memory. Throws std::bad_alloc for want of
  // the host's memory; the interpreter is to be dropped then.
  End run(std::string_view input, std::uint32_t fuel, std::uint32_t slots, From from);
  // Returns bytes of the memory that the last run left, valid until the next one; null where
  // they are not all inside.
  [[nodiscard]] const std::uint8_t* memory(std::uint64_t at, std::uint64_t size) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace anabranch::plugins

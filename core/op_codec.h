// Ops and transactions as msgpack: the part of a batch that grows with every new kind of op. See
// core/batch.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/codec.h"
#include "core/op.h"

namespace anabranch::core {

// Appends `op`. Of an UnknownOp only the kind is written, so encoding one is for tests.
void encode_op(Writer& out, const Op& op);
// Reads the op named `dot`; `in` fails on bytes that no leader writes. An unknown kind becomes an
// UnknownOp.
void decode_op(Reader& in, Dot dot, Op& op);

// Encodes the transactions of one batch, one op after another as they are made: nothing of them has
// to be kept in memory but their bytes. Not thread-safe.
class TransactionWriter {
 public:
  // Whether no transaction has been ended.
  [[nodiscard]] bool empty() const { return ended_.empty(); }
  [[nodiscard]] bool in_transaction() const { return open_; }
  // The timestamp of the open transaction.
  [[nodiscard]] Hlc time() const { return now_.hlc; }

  // Opens a transaction; the next op has the seq `first`, which follows the op before it.
  void begin(Seq first, Hlc hlc);
  void add(const Op& op);
  // Ends the open transaction. Without ops it leaves nothing behind.
  void end();

  // A place in the open transaction.
  struct Mark {
    std::size_t bytes = 0;
    std::size_t ops = 0;
    std::size_t values = 0;
  };
  [[nodiscard]] Mark mark() const { return {written(), now_.ops, values_}; }
  // Takes back all ops of the open transaction since a mark.
  void rollback(const Mark& mark);
  // The seq of the newest op; while none is written, the one before the first.
  [[nodiscard]] Seq newest() const { return next_ + now_.ops - 1; }

  // Of the transactions that have ended; there must be one.
  [[nodiscard]] Extent extent() const;
  [[nodiscard]] std::size_t ops() const { return next_ - first_; }
  [[nodiscard]] std::size_t size() const { return written() + ended_.size() * kHeadSizeMax; }
  // The values of all ops in their encoding, those of the open transaction too: the tokens that a
  // reader makes of them.
  [[nodiscard]] std::size_t values() const { return values_; }
  // Appends those that have ended, as the array that a batch has.
  void write(Writer& out) const;

 private:
  static constexpr std::size_t kHeadSizeMax = 16;  // Of what precedes the ops of a transaction.
  struct Head {
    Hlc hlc;
    std::size_t ops = 0;
    std::size_t begin = 0;  // Of its ops in the bytes of all.
  };

  // The bytes of the ops of all.
  [[nodiscard]] std::size_t written() const { return whole_ + piece_.size(); }
  // Appends a part of them.
  void write_ops(Writer& out, std::size_t begin, std::size_t end) const;

  // A string of many MiB that grows is copied as a whole now and then, in one piece of work.
  std::vector<std::string> pieces_;
  std::size_t whole_ = 0;  // The bytes in these.
  std::string piece_;      // The last one.
  std::vector<Head> ended_;
  Seq first_ = 0;  // Of the first one.
  Seq next_ = 0;   // Behind those that have ended.
  std::size_t values_ = 0;
  bool open_ = false;
  Head now_;
};

}  // namespace anabranch::core

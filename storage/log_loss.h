// Batches that were on disk once, and that an opening has found missing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/dot.h"
#include "core/hash.h"
#include "core/result.h"

namespace anabranch::storage {

struct LogLoss {
  // The batches of an origin that can be read among the missing records, and behind them; they are
  // in the log no more.
  struct Found {
    core::Origin origin = 0;
    core::Seq first = 0;      // Of its ops there...
    core::Seq last = 0;       // ...and the greatest.
    core::ChainHash chain{};  // The hash of its last batch.
    std::uint64_t gaps = 0;   // The places among them where batches of the origin are missing.
    bool operator==(const Found&) const = default;
  };

  bool is_short = false;      // The log ended before the tables did.
  bool half_flushed = false;  // The tables may have a part of the missing batches.
  // The tables of a merged snapshot are missing, or may be: with ops of any origin, no batch of
  // which was in this log.
  bool tables = false;
  std::uint64_t place = 0;    // Of the stream: where the log ends since.
  std::uint64_t first = 0;    // The first position that is missing.
  std::uint64_t unknown = 0;  // Missing batches of which nothing can be read.
  bool end_known = false;     // Nothing that was on disk lies behind `found`.
  std::vector<Found> found = {};
  std::vector<std::string> files = {};  // Segments that are set aside, by their names before.
  bool operator==(const LogLoss&) const = default;

  // Whether an op is missing, or may be; else the damage met other changes alone.
  [[nodiscard]] bool misses_ops() const {
    return !end_known || unknown > 0 || tables || !found.empty();
  }
};

// Returns a sentence for people.
std::string loss_text(const std::vector<LogLoss>& losses);

// Writes losses as bytes with a checksum, and reads such bytes. Fails with kCorrupt.
std::string encode_losses(const std::vector<LogLoss>& losses);
core::Result<std::vector<LogLoss>> decode_losses(std::string_view bytes);

}  // namespace anabranch::storage

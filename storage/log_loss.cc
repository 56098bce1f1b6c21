#include "storage/log_loss.h"

#include <algorithm>

#include "core/codec.h"
#include "storage/layout.h"

namespace anabranch::storage {

using core::Result;

namespace {

constexpr std::size_t kSumSize = 8;

void write_found(core::Writer& out, const LogLoss::Found& found) {
  const std::string_view chain(reinterpret_cast<const char*>(found.chain.data()),
                               found.chain.size());
  out.array(5).uint64(found.origin).uint64(found.first).uint64(found.last).bin(chain);
  out.uint64(found.gaps);
}

LogLoss::Found read_found(core::Reader& in) {
  LogLoss::Found found;
  const std::size_t newer = in.array_of(5);
  found.origin = in.uint64();
  found.first = in.uint64();
  found.last = in.uint64();
  const std::string_view chain = in.bin();
  if (chain.size() != found.chain.size()) {
    in.fail("a hash of a lost batch has " + std::to_string(chain.size()) + " bytes");
  } else {
    std::ranges::copy(chain, reinterpret_cast<char*>(found.chain.data()));
  }
  found.gaps = in.uint64();
  in.skip(newer);
  return found;
}

void write_loss(core::Writer& out, const LogLoss& loss) {
  out.array(9).boolean(loss.is_short).uint64(loss.place).uint64(loss.first).uint64(loss.unknown);
  out.boolean(loss.end_known).array(loss.found.size());
  for (const LogLoss::Found& found : loss.found) write_found(out, found);
  out.array(loss.files.size());
  for (const std::string& name : loss.files) out.text(name);
  out.boolean(loss.half_flushed).boolean(loss.tables);
}

LogLoss read_loss(core::Reader& in) {
  LogLoss loss;
  std::size_t newer = in.array_of(7);
  loss.is_short = in.boolean();
  loss.place = in.uint64();
  loss.first = in.uint64();
  loss.unknown = in.uint64();
  loss.end_known = in.boolean();
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) {
    loss.found.push_back(read_found(in));
  }
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) {
    loss.files.emplace_back(in.text());
  }
  for (bool* const later : {&loss.half_flushed, &loss.tables}) {
    if (newer == 0) break;  // Earlier versions noted less.
    *later = in.boolean();
    --newer;
  }
  in.skip(newer);
  return loss;
}

}  // namespace

std::string loss_text(const std::vector<LogLoss>& losses) {
  if (std::ranges::any_of(losses, &LogLoss::is_short)) {
    return "its write-ahead log (the folder wal) ends before its tables: writes are missing";
  }
  if (std::ranges::none_of(losses, &LogLoss::misses_ops)) {
    return "its write-ahead log (the folder wal) is damaged where it has no write";
  }
  return "its write-ahead log (the folder wal) is damaged: writes behind the damage are missing, "
         "and kept in files that begin with \"damaged\"";
}

std::string encode_losses(const std::vector<LogLoss>& losses) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(losses.size());
  for (const LogLoss& loss : losses) write_loss(out, loss);
  return big_endian(core::checksum64(bytes)) + bytes;
}

Result<std::vector<LogLoss>> decode_losses(std::string_view bytes) {
  if (bytes.size() < kSumSize) return core::corrupt("the note of a lost log is too short");
  const std::string_view body = bytes.substr(kSumSize);
  if (from_big_endian(bytes.substr(0, kSumSize)) != core::checksum64(body)) {
    return core::corrupt("the note of a lost log is damaged");
  }
  core::Reader in(body);
  std::vector<LogLoss> losses;
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) losses.push_back(read_loss(in));
  if (!in.done()) return in.failure();
  return losses;
}

}  // namespace anabranch::storage

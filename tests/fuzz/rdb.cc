// Files that Redis saved: any other bytes are refused in a sentence with an offset, and hand over
// no more than they have; what is read is read again from each position.

#include <sstream>

#include "server/cli/import/rdb_file.h"
#include "tests/fuzz/target.h"
#include "tests/server/cli/import/recording_sink.h"
#include "tests/server/cli/import/saved_file.h"

using namespace anabranch;
using namespace anabranch::server::cli;

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  const std::string file = saved_file();
  // Without its checksum, so that changes are not seen by it alone.
  std::string open = file;
  for (std::size_t i = 1; i <= 8; ++i) open[open.size() - i] = '\0';
  std::string part = open;
  part.erase(9, rng() % 200);
  return {file, open, open, open, part};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(test::view_of(data, size));
  std::istringstream in(bytes);
  test::RecordingSink sink;
  const core::Result<void> done = RdbFile(in, bytes.size()).read(sink);
  if (!done.ok()) {
    ANABRANCH_ASSERT(done.failure().message.starts_with("at offset "));
    return 0;
  }
  if (sink.positions.empty()) return 0;
  std::istringstream again(bytes);
  test::RecordingSink rest;
  const Position& middle = sink.positions[sink.positions.size() / 2];
  ANABRANCH_ASSERT(RdbFile(again, bytes.size()).read(rest, middle).ok());
  ANABRANCH_ASSERT(rest.positions.size() == sink.positions.size() - sink.positions.size() / 2);
  return 0;
}

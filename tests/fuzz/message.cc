// Messages between leaders: the first byte is the kind. A decoded message encodes to bytes that
// decode to the same message.

#include <variant>

#include "core/assert.h"
#include "core/batch.h"
#include "regions/wire/message.h"
#include "tests/fuzz/target.h"

using namespace anabranch;
using namespace anabranch::regions;

namespace {

core::VersionVector random_vector(test::Rng& rng) {
  core::VersionVector vector;
  for (std::uint64_t i = test::up_to(rng, 5); i > 0; --i) vector.set(rng() | 1U, rng() | 1U);
  return vector;
}

std::string example(const Message& message) {
  return std::string(1, static_cast<char>(kind_of(message))) + encode_message(message);
}

// A value of each kind that this file knows nothing more of.
template <std::size_t... I>
void add_empty(std::vector<std::string>& examples, std::index_sequence<I...> /*kinds*/) {
  (examples.push_back(example(Message(std::in_place_index<I>))), ...);
}

}  // namespace

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  const core::VersionVector vector = random_vector(rng);
  const std::vector<core::ChainHash> chains(vector.size());
  std::vector<std::string> examples{
      example(
          Greeting{Greeting::kProtocol, {rng(), rng()}, "eu", rng() | 1U, rng(), vector, chains}),
      example(Heartbeat{.applied = vector,
                        .durable = random_vector(rng),
                        .hlc = {rng()},
                        .chains = chains,
                        .digest = core::Hash128{1, 2},
                        .greeted = rng(),
                        .wall_ms = 5,
                        .sent_ms = 6,
                        .echo = regions::Echo{7, 8},
                        .settled = core::Hash128{3, 4},
                        .left_out = true,
                        .reports = vector,
                        .rules = regions::LocalRules{core::Hash128{5, 6}, {"nearest"}}}),
      example(RegionReport{"eu",
                           rng() | 1U,
                           7,
                           core::Hash128{1, 2},
                           {8, 9},
                           core::Hash128{3, 4},
                           vector,
                           0,
                           std::string(64, 's')}),
      example(RegionReport{.region = "eu", .origin = 1, .number = 2, .previous = 9}),
      example(Subscribe{rng(), rng(), vector}),
      example(BatchMessage{rng(), core::encode_batch(random_batch(rng))}),
      example(BatchMessage{rng(), core::encode_batch(random_batch(rng)), std::string(64, 's')}),
      example(Ack{rng(), rng(), vector, random_vector(rng), rng()}),
      example(DigestRequest{DigestRequest::Kind::kShow, rng(), rng(), "a", "b", {"key", "other"}}),
      example(DigestResponse{
          rng(), rng(), true, true, vector, {1, 2}, 3, "next", {{"key", {4, 5}}}, {"x"}}),
      example(History{rng() | 1U, 9, {{8, {}}, {7, {}}}}),
      example(History{rng() | 1U, 9, {{8, {}}}, core::Hash128{rng(), rng()}, true}),
      example(History{rng() | 1U, 0, {}, {}, true, rng(), rng()}),
      example(SignedPosition{"eu", rng() | 1U, rng() | 1U, {}, std::string(64, 's')}),
      example(Presence{rng(), rng() | 1U, 3, 40, 5, "eu", "board/7", "place"}),
      example(MemberCards{40, {{"content", std::string(64, 's'), 5, 3}, {"other", {}, 0, 1}}}),
      example(Refusal{"eu", "belongs to another mesh", true})};
  add_empty(examples, std::make_index_sequence<std::variant_size_v<Message>>());
  return examples;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto message = decode_message(data[0], test::view_of(data + 1, size - 1));
  if (!message.ok()) return 0;
  const auto again = decode_message(kind_of(message.value()), encode_message(message.value()));
  ANABRANCH_ASSERT(again.ok() && again.value() == message.value());
  return 0;
}

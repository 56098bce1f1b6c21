#include "transport/out_queue.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace anabranch::transport {

void OutQueue::push(std::uint8_t kind, std::string body, Turn turn) {
  if (turn.lane == Lane::kNote && body.size() <= kFrameBodyMax) {
    note_bytes_ += body.size();
    notes_.push_back({kind, std::move(body), turn});
    return;
  }
  LaneQueue& to = lane(turn.lane);
  // A lane that was empty has saved nothing up.
  if (to.bodies.empty()) to.taken = std::max(to.taken, taken_);
  if (turn.lane == Lane::kNote) note_bytes_ += body.size();
  to.bodies.push_back({kind, std::move(body), turn});
}

void OutQueue::drop(Lane from, std::uint64_t before) {
  std::erase_if(lane(from).bodies, [&](const Waiting& each) {
    const bool is_old = each.turn.stream < before;
    if (is_old) lane(from).left += each.turn.weight;
    return is_old;
  });
}

bool OutQueue::has_body() const {
  return begun_ ||
         std::ranges::any_of(lanes_, [](const LaneQueue& each) { return !each.bodies.empty(); });
}

std::optional<std::string> OutQueue::next(Wanted wanted, Compressor* compressor) {
  const bool is_turn_of_body = has_body() && (notes_.empty() || notes_in_a_row_ >= kNotesInARow);
  if (!is_turn_of_body && notes_.empty()) return std::nullopt;
  if (!is_turn_of_body) return next_note(compressor);
  if (wanted == Wanted::kNotes) return std::nullopt;
  notes_in_a_row_ = 0;
  return next_of_body(compressor);
}

std::string OutQueue::next_note(Compressor* compressor) {
  Waiting note = std::move(notes_.front());
  notes_.pop_front();
  note_bytes_ -= note.body.size();
  notes_in_a_row_ += note.body.size();
  const Packed packed = pack(std::move(note.body), compressor);
  return encode_whole(note.kind, packed.body, packed.form);
}

std::string OutQueue::next_of_body(Compressor* compressor) {
  if (!begun_) begin_body(compressor);
  std::string frame = begun_->next();
  if (begun_->done()) {
    lane(begun_turn_.lane).left += begun_turn_.weight;
    begun_.reset();
  }
  return frame;
}

void OutQueue::begin_body(Compressor* compressor) {
  LaneQueue* from = nullptr;
  for (LaneQueue& each : lanes_) {
    if (each.bodies.empty()) continue;
    if (from == nullptr || each.taken < from->taken) from = &each;
  }
  ANABRANCH_ASSERT(from != nullptr);
  Waiting body = std::move(from->bodies.front());
  from->bodies.pop_front();
  taken_ = from->taken;
  from->taken += body.body.size();
  if (body.turn.lane == Lane::kNote) note_bytes_ -= body.body.size();
  begun_turn_ = body.turn;
  Packed packed = pack(std::move(body.body), compressor);
  begun_.emplace(body.kind, std::move(packed.body), packed.form, ++last_number_);
}

OutQueue::Packed OutQueue::pack(std::string body, Compressor* compressor) {
  std::optional<std::string> packed;
  if (compressor != nullptr) packed = compressor->compress(body);
  if (packed) return {*std::move(packed), BodyForm::kCompressed};
  return {std::move(body), BodyForm::kPlain};
}

}  // namespace anabranch::transport

#include "leader/scrub/scrub_note.h"

#include <utility>
#include <vector>

#include "core/text.h"
#include "leader/backup/note_file.h"

namespace anabranch::leader {

using core::Result;

namespace {

NoteForm form() {
  return {"anabranch scrub 1",
          {"begun", "finished", "damaged", "stage", "part", "position", "done", "key"}};
}

std::string path_of(const std::string& directory) { return directory + "/scrub"; }

std::string stage_of(const ScrubNote& note) {
  if (!note.under_way) return "resting";
  return note.reading ? "reading" : "waiting";
}

}  // namespace

Result<void> save_scrub_note(const std::string& directory, const ScrubNote& note) {
  return save_note(
      path_of(directory), form(),
      {std::to_string(note.begun_ms), std::to_string(note.finished_ms),
       std::to_string(note.damaged), stage_of(note), std::to_string(note.place.part),
       std::to_string(note.place.position), std::to_string(note.place.done), note.place.key});
}

Result<std::optional<ScrubNote>> load_scrub_note(const std::string& directory) {
  auto texts = load_note(path_of(directory), form());
  if (!texts.ok()) return texts.failure();
  if (!texts.value()) return std::optional<ScrubNote>();
  std::vector<std::string>& fields = *texts.value();
  const auto begun = core::parse_number<core::Millis>(fields[0]);
  const auto finished = core::parse_number<core::Millis>(fields[1]);
  const auto damaged = core::parse_number<std::uint64_t>(fields[2]);
  const std::string& stage = fields[3];
  const auto part = core::parse_number<std::size_t>(fields[4]);
  const auto position = core::parse_number<storage::Position>(fields[5]);
  const auto done = core::parse_number<std::uint64_t>(fields[6]);
  const bool is_known = stage == "resting" || stage == "reading" || stage == "waiting";
  if (!begun || !finished || !damaged || !is_known || !part || !position || !done) {
    return core::corrupt(path_of(directory) + " cannot be read");
  }
  return std::optional(ScrubNote{
      .begun_ms = *begun,
      .finished_ms = *finished,
      .damaged = *damaged,
      .under_way = stage != "resting",
      .reading = stage == "reading",
      .place = {.part = *part, .key = std::move(fields[7]), .position = *position, .done = *done}});
}

}  // namespace anabranch::leader

#include "rows/masks/masks.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/codec.h"
#include "core/path_parts.h"
#include "core/wire.h"
#include "storage/layout.h"

namespace anabranch::rows {

using core::Path;

namespace {

constexpr std::size_t kVersionBytes = sizeof(std::uint64_t);

void write_mask(core::Writer& out, const Mask& mask) {
  out.array(6).uint64(mask.id).bin(mask.prefix.encoded());
  write_vector(out, mask.context);
  out.boolean(mask.tallies).boolean(mask.swept.in_counts).bin(mask.swept.key);
}

Mask read_mask(core::Reader& in) {
  Mask mask;
  const std::size_t newer = in.array_of(6);
  mask.id = in.uint64();
  auto prefix = Path::from_encoded(in.bin());
  if (!prefix.ok()) in.fail(prefix.failure().message);
  if (prefix.ok()) mask.prefix = std::move(prefix).value();
  mask.context = read_vector(in);
  mask.tallies = in.boolean();
  mask.swept.in_counts = in.boolean();
  mask.swept.key = in.bin();
  in.skip(newer);
  return mask;
}

}  // namespace

template <typename Function>
void Masks::for_each_above(const Path& path, const Function& function) const {
  const std::string_view encoded = path.encoded();
  std::size_t end = 0;
  auto mask = masks_.begin();
  for (;;) {
    const std::string_view above = encoded.substr(0, end);
    mask = std::ranges::lower_bound(mask, masks_.end(), above, {}, [](const Mask& each) {
      return std::string_view(each.prefix.encoded());
    });
    for (; mask != masks_.end() && mask->prefix.encoded() == above; ++mask) {
      if (!function(*mask)) return;
    }
    if (mask == masks_.end()) return;
    // A mask further below the path is the next one in order or behind it, so the levels before are
    // passed: a deep path costs one search for each mask, not for each level.
    const std::string_view next = mask->prefix.encoded();
    if (!next.starts_with(above)) return;
    const auto differ = std::ranges::mismatch(next, encoded);
    const auto shared = static_cast<std::size_t>(differ.in1 - next.begin());
    const std::size_t least = differ.in1 == next.end() ? shared : shared + 1;
    while (end < least) {
      end = core::behind_component(encoded, end);
      if (end == std::string_view::npos) return;
    }
  }
}

const Mask& Masks::oldest() const {
  ANABRANCH_ASSERT(!empty());
  return *std::ranges::min_element(masks_, {}, &Mask::id);
}

std::vector<const Mask*> Masks::since(std::uint64_t id) const {
  std::vector<const Mask*> found;
  for (const Mask& mask : masks_) {
    if (mask.id > id) found.push_back(&mask);
  }
  std::ranges::sort(found, {}, &Mask::id);
  return found;
}

void Masks::hide(const Path& path, crdt::Cell& cell) const {
  if (masks_.empty() || cell.siblings.empty()) return;
  for_each_above(path, [&](const Mask& mask) {
    cell.forget(mask.context);
    return true;
  });
}

bool Masks::hides(const Path& path, const crdt::Slot& slot) const {
  if (slot.dead()) return false;
  bool hidden = false;
  for_each_above(path, [&](const Mask& mask) {
    hidden = mask.tallies && mask.context.covers({slot.origin, slot.seq});
    return !hidden;
  });
  return hidden;
}

std::vector<core::ObservedSlot> Masks::waiting(const Path& path, const crdt::Tally& tally) const {
  std::vector<core::ObservedSlot> waiting;
  if (tallies_ == 0) return waiting;
  for (const crdt::Slot& slot : tally.slots) {
    if (hides(path, slot)) waiting.push_back({slot.origin, slot.birth, slot.seq, slot.total});
  }
  return waiting;
}

void Masks::hide(const Path& path, crdt::Tally& tally) const {
  if (tallies_ == 0) return;
  std::erase_if(tally.slots, [&](const crdt::Slot& slot) { return hides(path, slot); });
}

void Masks::hide(const Path& path, crdt::Row& row) const {
  hide(path, row.cell);
  hide(path, row.tally);
}

bool Masks::hides_any(const Path& path, const crdt::Row& row) const {
  if (masks_.empty()) return false;
  bool any = false;
  for_each_above(path, [&](const Mask& mask) {
    any = row.cell.any_in(mask.context);
    return !any;
  });
  const bool slots = !any && tallies_ > 0;
  return any || (slots && std::ranges::any_of(row.tally.slots, [&](const crdt::Slot& slot) {
                   return hides(path, slot);
                 }));
}

bool Masks::voids(const Path& collection, std::uint64_t stamp) const {
  if (masks_.empty() || stamp >= last_id_) return false;
  bool is_void = false;
  for_each_above(collection, [&](const Mask& mask) {
    is_void = mask.id > stamp;
    return !is_void;
  });
  return is_void;
}

void Masks::insert(Mask mask) {
  const auto place = [](const Mask& each) { return std::tie(each.prefix, each.tallies); };
  tallies_ += mask.tallies ? 1 : 0;
  masks_.insert(std::ranges::upper_bound(masks_, place(mask), {}, place), std::move(mask));
}

Masks Masks::with(const Path& prefix, const core::VersionVector& context, bool tallies) const {
  Masks masks = *this;
  ++masks.version_;
  const auto same = std::ranges::find_if(masks.masks_, [&](const Mask& mask) {
    return mask.prefix == prefix && mask.tallies == tallies;
  });
  if (same == masks.masks_.end()) {
    masks.insert({++masks.last_id_, prefix, context, tallies, {}});
  } else {  // Hides the union of both; the sweep begins anew.
    same->id = ++masks.last_id_;
    same->context.join(context);
    same->swept = {};
  }
  // It hides what masks below it hide.
  std::erase_if(masks.masks_, [&](const Mask& mask) {
    const bool needless = mask.id != masks.last_id_ && prefix.is_prefix_of(mask.prefix) &&
                          tallies >= mask.tallies && context.includes(mask.context);
    masks.tallies_ -= needless && mask.tallies ? 1 : 0;
    return needless;
  });
  return masks;
}

std::vector<Mask>::iterator Masks::find_oldest() {
  ANABRANCH_ASSERT(!empty());
  return std::ranges::min_element(masks_, {}, &Mask::id);
}

Masks Masks::swept(SweepMark mark) const {
  Masks masks = *this;
  ++masks.version_;
  masks.find_oldest()->swept = std::move(mark);
  return masks;
}

Masks Masks::without_oldest() const {
  Masks masks = *this;
  ++masks.version_;
  const auto oldest = masks.find_oldest();
  masks.tallies_ -= oldest->tallies ? 1 : 0;
  masks.masks_.erase(oldest);
  return masks;
}

std::string encode_masks(const Masks& masks) {
  std::string bytes = storage::big_endian(masks.version_);
  core::Writer out(bytes);
  out.array(2).uint64(masks.last_id_).array(masks.masks_.size());
  for (const Mask& mask : masks.masks_) write_mask(out, mask);
  return bytes;
}

std::uint64_t version_of_masks(std::string_view bytes) {
  if (bytes.size() < kVersionBytes) return 0;
  return storage::from_big_endian(bytes.substr(0, kVersionBytes));
}

core::Result<Masks> decode_masks(std::string_view bytes) {
  if (bytes.size() < kVersionBytes) return core::corrupt("the masks cannot be read");
  Masks masks;
  masks.version_ = version_of_masks(bytes);
  core::Reader in(bytes.substr(kVersionBytes));
  const std::size_t newer = in.array_of(2);
  masks.last_id_ = in.uint64();
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) masks.insert(read_mask(in));
  in.skip(newer);
  if (!in.done()) return in.failure();
  return masks;
}

core::Result<std::shared_ptr<const Masks>> load_masks(const storage::Snapshot& snapshot) {
  const auto bytes = snapshot.get(storage::Table::kMeta, storage::kMasksKey);
  auto masks = bytes ? decode_masks(*bytes) : core::Result<Masks>(Masks());
  if (!masks.ok()) return masks.failure();
  return std::make_shared<const Masks>(std::move(masks).value());
}

std::shared_ptr<const Masks> masks_of(const storage::Snapshot& snapshot) {
  return load_masks(snapshot).value_or_raise();
}

}  // namespace anabranch::rows

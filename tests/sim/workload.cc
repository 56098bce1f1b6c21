#include "tests/sim/workload.h"

#include <anabranch/codec.h>

#include <array>
#include <string>

#include "crdt/expiry.h"
#include "crdt/request_mark.h"
#include "crdt/type_table.h"
#include "rows/counts.h"
#include "rows/policy/module_rows.h"
#include "rows/policy/policy_rows.h"
#include "rows/requests/request_rows.h"
#include "tests/policy_modules.h"
#include "tests/sim/sequence_workload.h"
#include "tests/three_way.h"

namespace anabranch::test {

namespace {

using core::Path;
using rows::PolicyKind;

constexpr std::string_view kSpace{"\1"};

Path random_row(Random& random, const std::string& key) {
  static constexpr std::array kNames{"x", "y", "z"};
  const std::string name = random.pick(kNames);
  switch (random.below(5)) {
    case 0:
      return {kSpace, key, "e", name};
    case 3:
      return {kSpace, key, "z", name};
    case 1:
      return {kSpace, key, "h", name, "s"};
    case 2:
      return {kSpace, key, "h", name, "h", "deep", "s"};
    default:
      return {kSpace, key, "s"};
  }
}

Path random_prefix(Random& random, const std::string& key) {
  if (random.chance(0.05)) return {kSpace};
  if (random.chance(0.3)) return {kSpace, key, "h"};
  return {kSpace, key};
}

std::string random_value(Random& random, const Plan& plan) {
  const bool large = random.chance(0.05);
  std::string value = std::to_string(random.below(1'000'000));
  if (large) value.resize(1 + random.below(plan.value_bytes_max), 'v');
  return value;
}

// At times the context of an older read.
std::optional<core::VersionVector> random_context(Random& random, const core::VersionVector& seen) {
  if (!random.chance(0.1)) return std::nullopt;
  core::VersionVector context;
  for (const auto& [origin, seq] : seen) context.set(origin, random.below(seq + 1));
  return context;
}

void random_act(regions::Group& group, Random& random, const Plan& plan,
                const core::VersionVector& seen) {
  const std::string key = "k" + std::to_string(random.below(plan.keys));
  if (random.chance(0.1)) {
    random_sequence_act(group, random, key);
    return;
  }
  const double what = random.unit();
  if (what < 0.40) {
    group.put(random_row(random, key), random_value(random, plan), random_context(random, seen));
  } else if (what < 0.50) {
    group.remove(random_row(random, key));
  } else if (what < 0.80) {
    group.add(random_row(random, key), random.between(-5, 5));
  } else if (what < 0.88) {
    group.reset(random_row(random, key));
  } else {
    group.clear(random_prefix(random, key));
  }
}

// Lets a key expire soon, or never, with the type that it has there; at times with another one.
void random_expiry(regions::Group& group, Random& random, const Plan& plan) {
  constexpr core::Millis kSoonMs = 5'000;
  constexpr core::Millis kLaterMs = 100'000;
  const std::string key = "k" + std::to_string(random.below(plan.keys));
  const crdt::Row string = group.stage().row({kSpace, key, "s"});
  crdt::Expiry expiry{.type = string.present() && random.chance(0.9) ? Type::kString
                              : random.chance(0.5)                   ? Type::kSet
                                                                     : Type::kMap};
  for (const crdt::Sibling& sibling : string.cell.siblings) {
    const bool named = expiry.type == Type::kString && random.chance(0.9);
    if (named) expiry.values.push_back(sibling.dot);
  }
  if (random.chance(0.9)) {
    const core::Millis most = random.chance(0.8) ? kSoonMs : kLaterMs;
    expiry.deadline = group.time()->millis() + random.between(0, most);
  }
  group.put({kSpace, key, crdt::kExpiryTag}, crdt::encode_expiry(expiry));
}

// The writes of flags and of types with doubles. Sums of these are exact, so that no order of
// adding matters.
void random_act_of_more_types(regions::Group& group, Random& random, const Plan& plan) {
  static constexpr std::array kNames{"x", "y", "z"};
  const std::string name = random.pick(kNames);
  const Path key{kSpace, "k" + std::to_string(random.below(plan.keys))};
  const std::string_view truth = random.chance(0.5) ? crdt::kTrue : crdt::kFalse;
  const double amount = 0.25 * static_cast<double>(random.between(-20, 20));
  switch (random.below(7)) {
    case 0:
      return group.put(key.child("f"), truth);
    case 1:
      return group.put(key.child("F"), truth);
    case 2:
      return group.put(key.child("h").child(name).child(random.chance(0.5) ? "f" : "F"), truth);
    case 3:
      return group.put(key.child("E").child(name), truth);
    case 4:
      return group.put(key.child("z").child(name), Codec<double>::encode(amount));
    case 5:
      return group.add(key.child("z").child("real " + name), core::Number::real(amount));
    default:
      return group.add(key.child("h").child("real").child("s"), core::Number::real(amount));
  }
}

// Sets, removes or proposes a policy for some of the keys, at times one that no version knows, or a
// function that no region was given. Half of them keep bases. Most prefixes are nested: all keys,
// those with a first digit, one key.
void random_policy(regions::Group& group, Random& random, const Plan& plan) {
  static constexpr std::array kRegions{"r0", "r1", "somewhere"};
  static constexpr std::array kKinds{PolicyKind::kMax,      PolicyKind::kMin,  PolicyKind::kLww,
                                     PolicyKind::kSiblings, PolicyKind::kNone, PolicyKind::kMax};
  const std::string key = "k" + std::to_string(random.below(plan.keys));
  const rows::PolicyScope scope{std::string(kSpace), key.substr(0, random.below(key.size() + 1))};
  const bool proposes = random.chance(0.4);
  const Path path =
      proposes ? rows::proposal_path(scope, random.pick(kRegions)) : rows::policy_path(scope);
  const double what = random.unit();
  if (what < 0.1) {
    group.put(path, random.chance(0.5) ? "\xc1" : "\x93\xa5wasm7\xc2\xc0");
  } else if (what < 0.3 && what >= 0.2 && proposes) {
    group.remove(path);
  } else {
    rows::Policy policy{.kind = what < 0.2 ? PolicyKind::kNative : random.pick(kKinds)};
    policy.keep_base = random.chance(0.5);
    if (random.chance(0.3)) policy.kind = PolicyKind::kNative;
    if (policy.kind == PolicyKind::kNative) {
      policy.name = random.chance(0.3) ? "nearest" : std::string(kThreeWay);  // Or one of none.
    }
    group.put(path, rows::encode_policy(policy));
  }
}

// Lets a policy name a module, adds one, or removes one whether or not a policy names it: a policy
// may come to name one that is not there.
void random_module(regions::Group& group, Random& random, const Plan& plan) {
  const PolicyModule& module = policy_modules()[random.below(policy_modules().size())];
  const Path path = rows::module_path(module.name);
  const double what = random.unit();
  if (what < 0.1) return group.remove(path);
  if (what < 0.15) return group.put(path, "other bytes");
  if (what < 0.5) return group.put(path, module.bytes);
  const std::string key = "k" + std::to_string(random.below(plan.keys));
  const rows::PolicyScope scope{std::string(kSpace), key.substr(0, random.below(key.size() + 1))};
  const rows::Policy policy{
      .kind = PolicyKind::kWasm1, .keep_base = random.chance(0.5), .name = module.name};
  group.put(rows::policy_path(scope), rows::encode_policy(policy));
}

// Reads all values of a row and replaces them knowingly.
void random_choice(regions::Group& group, Random& random, const Plan& plan) {
  const std::string key = "k" + std::to_string(random.below(plan.keys));
  const Path row = random_row(random, key);
  group.note_read(row);
  if (random.chance(0.2)) return group.remove(row);
  group.put(row, random_value(random, plan));
}

// Writes in maps in maps, about the last level that has counts (rows/counts.h), and clears there.
void random_deep_act(regions::Group& group, Random& random, const std::string& key) {
  Path place{kSpace, key};
  const auto add_map = [&](std::string_view field) { place.append("h").append(field); };
  for (std::size_t size = 2; size + 4 < rows::kCountedDepth; size += 2) add_map("deep");
  for (std::size_t more = random.below(5); more > 0; --more)
    add_map(random.chance(0.5) ? "x" : "y");
  const std::string name = std::to_string(random.below(3));
  switch (random.below(6)) {
    case 0:
      return group.clear(random.chance(0.5) ? place : place.child("h"));
    case 1:
      return group.remove(place.child("e").child(name));
    case 2:
      return group.add(place.child("s"), random.between(-5, 5));
    case 3:
      return group.put(place.child("z").child(name), Codec<double>::encode(0.5));
    default:
      return group.put(place.child("e").child(name), "");
  }
}

}  // namespace

void random_request(regions::Group& group, Random& random, const std::string& id) {
  const Path request = rows::request_path(id);
  const Path sum{kSpace, id, "s"};
  if (random.chance(0.1)) return group.reset(sum);
  if (!group.stage().row(request).cell.siblings.empty()) return;
  const core::VersionVector nothing;
  std::size_t number = 0;
  const auto mark = [&](crdt::RequestMark::Kind kind, const Path& row, std::int64_t amount) {
    group.put(rows::mark_path(request, number++), crdt::encode_mark({kind, row, amount}), nothing);
  };
  const auto put = [&](const Path& row, std::string_view value) {
    group.put(row, value);
    mark(crdt::RequestMark::Kind::kPut, row, 0);
  };
  group.put(request, rows::encode_execution(), nothing);
  const std::int64_t amount = 1 + static_cast<unsigned char>(id.back()) % 10;
  group.add(sum, amount);
  mark(crdt::RequestMark::Kind::kAdd, sum, amount);
  put({kSpace, "k0", "h", "paid", "s"}, id);
  put({kSpace, "k0", "e", id}, "");
}

void random_transaction(regions::Group& group, Random& random, const Plan& plan,
                        const core::VersionVector& seen) {
  for (std::size_t acts = plan.single_ops ? 1 : 1 + random.below(4); acts > 0; --acts) {
    random_act(group, random, plan, seen);
  }
  Random apart = random;  // All other draws stay the same.
  if (plan.single_ops && apart.chance(0.8)) return;
  if (apart.chance(0.2)) random_expiry(group, apart, plan);
  if (plan.more_types && apart.chance(0.5)) random_act_of_more_types(group, apart, plan);
  if (apart.chance(0.1)) random_choice(group, apart, plan);
  if (plan.policies && apart.chance(0.05)) random_policy(group, apart, plan);
  if (plan.modules && apart.chance(0.05)) random_module(group, apart, plan);
  if (plan.more_types && apart.chance(0.2)) {
    random_items_act(group, apart, "k" + std::to_string(apart.below(plan.keys)));
  }
  if (plan.more_types && apart.chance(0.1)) {
    random_deep_act(group, apart, "k" + std::to_string(apart.below(plan.keys)));
  }
}

}  // namespace anabranch::test

// Does not compile: values of a type without a Codec, and with one that lacks a function; a
// transaction that returns a reference; a call in its old form, with a bool in place of an enum.
// The compiler must name the remedy (CMakeLists.txt looks for it).

#include <string>

#include <anabranch/anabranch.h>

namespace {

struct Todo {
  std::string text;
};

}  // namespace

#ifdef WITH_HALF_A_CODEC
template <>
struct anabranch::Codec<Todo> {
  static std::string encode(const Todo& todo) { return todo.text; }
};
#endif

#if defined(WITH_AN_OLD_FORM)
void call(anabranch::Store& store, const std::string& name) { (void)WITH_AN_OLD_FORM; }
#elif defined(WITH_A_REFERENCE)
std::string& text_of(anabranch::Store& store, Todo& todo) {
  return store.transact([&](anabranch::Transaction&) -> std::string& { return todo.text; });
}
#else
void put(anabranch::Scope& scope) { anabranch::Register<Todo>{scope, "todo"}.put({"write"}); }
#endif

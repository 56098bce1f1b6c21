// Undo and redo of the edits of one author.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/crdt/random.h"
#include "tests/leader/documents/mirror.h"
#include "tests/leader/store_world.h"
#include "tests/seed.h"

namespace anabranch::text_undo_test {

using test::code_of;
using test::eventually;
using test::Mirror;
using test::Random;
using test::store_options;
using test::TempDir;

namespace {

// The letters of one author in a text, in order.
std::string of_author(const std::string& text, const std::string& letters) {
  std::string own;
  for (const char each : text) {
    if (letters.find(each) != std::string::npos) own += each;
  }
  return own;
}

// Types letters at a random place, or erases some of the same letters.
void edit_at_random(TextEdit& edit, Random& random, const std::string& letters) {
  const std::string text = edit.read(0, edit.size());
  const std::size_t at = random.below(text.size() + 1);
  std::size_t own = 0;
  while (at + own < text.size() && letters.find(text[at + own]) != std::string::npos) ++own;
  if (own > 0 && random.chance(0.5)) return edit.erase(at, 1 + random.below(own));
  std::string word;
  for (std::size_t i = 1 + random.below(4); i > 0; --i)
    word += letters[random.below(letters.size())];
  edit.insert(at, word);
}

}  // namespace

TEST_SUITE("leader: undo in documents") {
  TEST_CASE("an undo takes back the edits of its author, and leaves those of others") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    TextUndo ada{document};
    TextUndo bob{document};
    CHECK_FALSE(ada.undo());
    ada.insert(0, "Hello");
    document.insert(5, " world");
    bob.insert(2, "---");
    ada.erase(8, 4);
    CHECK(document.str() == "He---llold");
    CHECK(ada.undo());
    CHECK(document.str() == "He---llo world");
    CHECK(ada.undo());
    CHECK(document.str() == "--- world");
    CHECK_FALSE(ada.undo());
    CHECK_FALSE(ada.can_undo());
    CHECK(ada.redo());
    CHECK(document.str() == "He---llo world");
    CHECK(bob.undo());
    CHECK(document.str() == "Hello world");
    CHECK(ada.redo());
    CHECK(document.str() == "Hellold");
    CHECK_FALSE(ada.can_redo());
    CHECK(Text(store, "text").str() == "Hellold");
  }

  TEST_CASE("steps that are joined are one, and a new edit forgets what could be redone") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    TextUndo undo{document};
    for (const char* const letter : {"w", "o", "r", "k"}) {
      undo.join_next();
      undo.insert(document.size(), letter);
    }
    undo.join_next();
    undo.erase(3, 1);
    undo.join_next();
    undo.insert(3, "d");
    undo.insert(4, "!");
    CHECK(document.str() == "word!");
    CHECK(undo.undo());
    CHECK(document.str() == "word");
    CHECK(undo.undo());
    CHECK(document.str().empty());
    CHECK(undo.redo());
    CHECK(document.str() == "word");
    undo.insert(0, "x");
    CHECK_FALSE(undo.can_redo());
    CHECK(undo.undo());
    CHECK(undo.undo());
    CHECK(document.str().empty());
  }

  TEST_CASE("a step whose characters others have erased is left out") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    TextUndo undo{document};
    undo.insert(0, "first ");
    undo.insert(6, "second");
    document.erase(6, 6);
    CHECK(undo.undo());
    CHECK(document.str().empty());
    CHECK_FALSE(undo.can_undo());
  }

  TEST_CASE("an undo where others have erased its characters is as documented") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    TextUndo ada{document};
    ada.insert(0, "Hello");
    document.erase(1, 3);
    CHECK(document.str() == "Ho");
    CHECK(ada.undo());
    CHECK(document.str().empty());
    CHECK(ada.redo());
    CHECK(document.str() == "Ho");
    document.replace("the cat sat");
    ada.edit([](TextEdit& text) {
      text.erase(4, 3);
      text.insert(4, "dog");
    });
    document.erase(4, 3);
    CHECK(document.str() == "the  sat");
    CHECK(ada.undo());
    CHECK(document.str() == "the cat sat");
    CHECK(ada.redo());
    CHECK(document.str() == "the  sat");
  }

  TEST_CASE("what was erased comes back around what others have typed there") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    TextUndo undo{document};
    document.insert(0, "abcdef");
    const std::string in_front_of_d = document.anchor(3);
    undo.erase(1, 4);
    CHECK(document.position(in_front_of_d) == 1);
    document.edit([&](TextEdit& edit) { edit.insert(edit.position(in_front_of_d), "X"); });
    CHECK(undo.undo());
    const std::string text = document.str();
    CHECK(of_author(text, "abcdef") == "abcdef");
    CHECK(undo.redo());
    CHECK(document.str() == "aXf");
  }

  TEST_CASE("alone, all steps back and forth show every text again") {
    Random random(test::seed());
    CAPTURE(test::seed());
    for (int round = 0; round < 12; ++round) {
      const TempDir folder;
      Store store = Store::open(store_options(folder, "eu"));
      const TextUnit unit = round % 2 == 0 ? TextUnit::kCodePoints : TextUnit::kUtf16;
      TextDocument document{store, "text", unit};
      document.insert(0, "The first text.");
      TextUndo undo{document};
      std::vector<std::string> texts{document.str()};
      char32_t next = 0x4E00;  // All that is typed is typed once.
      for (int step = 0; step < 25; ++step) {
        undo.edit([&](TextEdit& edit) {
          for (std::size_t left = 1 + random.below(4); left > 0; --left) {
            const std::uint64_t at = random.below(edit.size() + 1);
            if (random.chance(0.5)) {
              std::u32string word;
              for (std::size_t i = 1 + random.below(3); i > 0; --i) word += next++;
              edit.insert(at, crdt::utf8_encoded(word));
            } else {
              edit.erase(at, std::min<std::uint64_t>(random.below(7), edit.size() - at));
            }
          }
        });
        if (document.str() != texts.back()) texts.push_back(document.str());
      }
      std::size_t at = texts.size() - 1;
      for (int i = 0; i < 150; ++i) {
        if (random.chance(i < 75 ? 0.7 : 0.4)) {
          const bool done = undo.undo();
          if (at > 0) CHECK(done);
          if (at > 0) --at;
        } else {
          const bool done = undo.redo();
          if (at + 1 < texts.size()) CHECK(done);
          if (at + 1 < texts.size()) ++at;
        }
        CHECK(document.str() == texts[at]);
      }
      while (undo.undo()) {
      }
      CHECK(document.str() == texts.front());
      CHECK(Text(store, "text").str() == texts.front());
    }
  }

  TEST_CASE("an author's undo shows the author's texts again, whatever others do meanwhile") {
    Random random(test::seed());
    CAPTURE(test::seed());
    const TempDir folder;
    Store eu = Store::open(test::listening(folder, "eu"));
    Store us = Store::open(test::dialling(folder, "us", eu));
    TextDocument here{eu, "text"};
    TextDocument there{us, "text"};
    struct Author {
      std::string letters;
      TextDocument* document;
      std::unique_ptr<TextUndo> undo;
      std::vector<std::string> texts{""};
      std::size_t at = 0;
    };
    std::vector<Author> authors;
    for (const auto& [letters, document] :
         {std::pair{"abc", &here}, {"ABC", &here}, {"123", &there}}) {
      authors.push_back({letters, document, std::make_unique<TextUndo>(*document)});
    }
    for (int round = 0; round < 250; ++round) {
      Author& author = authors[random.below(authors.size())];
      const double what = random.unit();
      if (what < 0.5) {
        std::string own;
        author.undo->edit([&](TextEdit& edit) {
          edit_at_random(edit, random, author.letters);
          own = of_author(edit.read(0, edit.size()), author.letters);
        });
        author.texts.resize(author.at + 1);
        author.texts.push_back(own);
        ++author.at;
      } else if (what < 0.8) {
        if (author.undo->undo() && author.at > 0) --author.at;
      } else if (author.undo->redo()) {
        ++author.at;
      }
      REQUIRE(author.at < author.texts.size());
      CHECK(of_author(author.document->str(), author.letters) == author.texts[author.at]);
      if (random.chance(0.1)) (void)eu.pause("us");
      if (random.chance(0.2)) (void)eu.resume("us");
    }
    (void)eu.resume("us");
    REQUIRE(eventually([&] {
      return here.str() == there.str() && Text(eu, "text").str() == here.str() &&
             Text(us, "text").str() == there.str();
    }));
    for (const Author& each : authors) {
      CHECK(of_author(here.str(), each.letters) == each.texts[each.at]);
    }
  }

  TEST_CASE("an edit in a transaction can be undone if that is committed") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    Mirror mirror(document);
    TextUndo undo{document};
    const auto put = [&](Scope& txn) {
      undo.edit(txn, [](TextEdit& edit) { edit.insert(0, "x"); });
    };
    store.transact([&](Transaction& txn) {
      put(txn);
      CHECK_FALSE(undo.can_undo());
    });
    CHECK(undo.can_undo());
    CHECK(code_of([&] {
            store.transact([&](Transaction& txn) {
              put(txn);
              throw Error(ErrorCode::kInvalid, "no");
            });
          }) == ErrorCode::kInvalid);
    CHECK(undo.undo());
    CHECK_FALSE(undo.can_undo());
    CHECK(document.str().empty());
    CHECK(undo.redo());
    CHECK(document.str() == "x");
    CHECK(eventually([&] { return mirror.str() == "x"; }));
    CHECK(mirror.fits());
  }

  TEST_CASE("a thousand steps are kept") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    TextDocument document{store, "text"};
    TextUndo undo{document};
    for (int i = 0; i < 1010; ++i) {
      store.transact([&](Transaction& txn) {
        undo.edit(txn, [](TextEdit& edit) { edit.insert(edit.size(), "x"); });
      });
    }
    int undone = 0;
    while (undo.undo()) ++undone;
    CHECK(undone == 1000);
    CHECK(document.size() == 10);
  }

  TEST_CASE("authors undo at once, and the document outlives its handle") {
    const TempDir folder;
    Store store = Store::open(store_options(folder, "eu"));
    auto document = std::make_unique<TextDocument>(store, "text");
    TextUndo ada{*document};
    TextUndo bob{*document};
    document.reset();
    {
      std::vector<std::jthread> threads;
      for (TextUndo* const each : {&ada, &bob}) {
        threads.emplace_back([each] {
          for (int i = 0; i < 60; ++i) {
            each->insert(0, "x");
            if (i % 3 == 0) CHECK(each->undo());
          }
        });
      }
    }
    CHECK(Text(store, "text").size() == 80);
    while (ada.undo()) {
    }
    CHECK(Text(store, "text").size() == 40);
    while (bob.undo()) {
    }
    CHECK(Text(store, "text").size() == 0);
  }
}

}  // namespace anabranch::text_undo_test

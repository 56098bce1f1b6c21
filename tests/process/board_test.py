"""The server of examples/board without a browser: three regions, edits by HTTP, links that are cut,
requests sent again, a region that is killed, foreign pages and hostile requests."""

import http.client
import os
import sys
import threading

from boards import BOARD, LINKS, REGIONS, Boards, new_id
from leaders import check, new_random, skip, wait_until


def refused(answer, status, words):
    check(answer[0] == status, f"{status} expected: {answer}")
    check(words in answer[1]["error"], f"{words!r} expected: {answer[1]}")


def edits_meet_after_a_cut(boards):
    ada, bob, eve = (boards.page(region, name)
                     for region, name in zip(REGIONS, ["Ada", "Bob", "Eve"]))
    boards.become_equal()
    for page in (ada, bob, eve):
        wait_until(f"{page.region.name} is connected to both", lambda one=page: [
            peer["connected"] for peer in one.sees("mesh")["peers"]] == [True, True])
    states = None
    for one, other in LINKS:
        states = boards.link("cut", one, other)
    check(set(states.values()) == {"cut"}, states)
    for page, word in ((ada, "canoe"), (bob, "paddle"), (eve, "kettle")):
        for i, letter in enumerate(word):   # At one place, letter by letter, without an answer between.
            page.type(i, letter, join=i > 0)
            wait_until("the letter is shown", lambda: page.text.startswith(word[:i + 1]))
        page.done("vote", choice="river")
        page.done("tag", do="add", tag=word)
        page.done("title", text=f"Trip of {page.name}")
    item = boards["Sydney"].state()["card"]["todo"][0]["id"]
    eve.done("todo", do="tick", id=item, done=True)
    bob.done("todo", do="move", id=item, to=2)
    ada.done("when", text="Sunday")
    wait_until("Frankfurt knows what Sydney lacks", lambda: any(
        peer["region"] == "Sydney" and peer["unseen"] >= 8 for peer in ada.sees("mesh")["peers"]))
    boards.heal_all()
    boards.become_equal()
    state = boards["Virginia"].state()
    for word in ("canoe", "paddle", "kettle"):
        check(word in state["text"], f"{word} is torn: {state['text']}")
        check(word in state["card"]["tags"], state["card"]["tags"])
    votes = {each["choice"]: each["votes"] for each in state["card"]["votes"]}
    check(votes["river"] == 5, votes)
    moved = state["card"]["todo"][2]
    check(moved["id"] == item and moved["done"], state["card"]["todo"])
    check(state["card"]["when"]["text"] == "Sunday", state["card"]["when"])
    wait_until("the digests are equal", lambda: len(
        {page.sees("mesh")["digest"] for page in (ada, bob, eve)}) == 1)
    return ada, bob, eve


def a_lost_title_is_put_back(boards, ada):
    def title():
        return boards["Frankfurt"].state()["card"]["title"]
    check(len(title()["also"]) == 2, title())
    shown = title()["text"]
    lost = title()["also"][0]
    check(lost["text"] != shown and lost["region"] in REGIONS, lost)
    ada.done("put-back", id=lost["id"])
    check(title()["text"] == lost["text"], title())
    check(shown in [each["text"] for each in title()["also"]], title())
    boards.become_equal()
    ada.done("title", text="Three trips")
    check(title()["also"] == [], "a title that was written with knowledge of all has lost none")
    boards.become_equal()


def requests_count_once(ada):
    state = ada.region.state()
    version = {"epoch": state["epoch"], "v": state["v"]}
    before = len(state["text"])
    for what, body in (("text", {**version, "edits": [{"at": 0, "insert": "once "}]}),
                       ("vote", {"choice": "lake"}), ("todo", {"do": "add", "text": "axe"})):
        request = new_id()
        known = [ada.post(what, request=request, **body)[1]["known"] for _ in range(3)]
        check(known == [False, True, True], f"{what}: {known}")
    state = ada.region.state()
    check(len(state["text"]) == before + 5, state["text"])
    check([each["text"] for each in state["card"]["todo"]].count("axe") == 1, "one axe")


def a_vote_counts_once_in_all_regions(boards, ada, bob):
    boards.cut_all()
    request = new_id()
    for page in (ada, bob):
        page.done("vote", request=request, choice="moon")
    boards.heal_all()
    boards.become_equal()
    wait_until("one vote", lambda: {each["choice"]: each["votes"] for each in
               boards["Sydney"].state()["card"]["votes"]}["moon"] == 1)


def undo_takes_back_ones_own(boards, ada, bob):
    ada.type(0, "ADA")
    boards.become_equal()
    bob.type(1, "bob")
    boards.become_equal()
    check(ada.done("undo")["changed"], "there is something to take back")
    boards.become_equal()
    check("ADA" not in ada.text and "AbobDA" not in ada.text and "bob" in ada.text, ada.text)
    ada.done("redo")
    boards.become_equal()
    check("AbobDA" in ada.text, ada.text)
    request = new_id()
    ada.done("undo", request=request)
    again = ada.done("undo", request=request)
    check(again["known"], "an undo counts once")
    boards.become_equal()


class Unit:
    """A character of the model; one that was erased stays, so that places beside it are known."""

    def __init__(self, text):
        self.text = text
        self.is_there = True


def index_of_place(units, at):
    """Behind so many characters that are there, and behind erased ones at this place."""
    index = 0
    while at > 0:
        at -= units[index].is_there
        index += 1
    while index < len(units) and not units[index].is_there:
        index += 1
    return index


def old_places_are_moved(boards, random, ada):
    """A page edits at places of a version that is long gone; a model says where these are now."""
    wait_until("it is quiet", lambda: ada.v == ada.region.state()["v"])
    old = ada.version()
    shown = [Unit(text) for text in ada.text]   # By Ada's page.
    check(all(ord(text) < 0x10000 for text in ada.text), "one unit for each character")
    units = list(shown)                         # All that was ever there.
    for _ in range(60):   # Others edit meanwhile, in the same region.
        there = [unit for unit in units if unit.is_there]
        text = "".join(unit.text for unit in there)
        wait_until("the last edit is shown", lambda: ada.region.state()["text"] == text)
        at = random.randrange(len(there) + 1)
        if random.random() < 0.4:
            gone = there[at:at + random.randrange(1, 5)]
            zoe_edits(ada, at, "", len(gone))
            for unit in gone:
                unit.is_there = False
        else:
            word = random.choice(["x", "yz", "ü", "日本"])
            zoe_edits(ada, at, word, 0)
            index = index_of_place(units, at)
            units[index:index] = [Unit(text) for text in word]
    edits = []
    for _ in range(30):   # Then the edits of the page, which has not heard of them.
        at = random.randrange(len(shown) + 1)
        gone = shown[at:at + random.choice([0, 0, 1, 2, 3])]
        for unit in gone:
            unit.is_there = False
        del shown[at:at + len(gone)]
        typed = [Unit(text) for text in random.choice(["", "A", "BC", "é"])]
        index = units.index(shown[at - 1]) + 1 if at > 0 else 0
        units[index:index] = typed
        shown[at:at] = typed
        edits.append({"at": at, "erase": len(gone), "insert": "".join(unit.text for unit in typed)})
    ada.done("text", **old, edits=edits)
    expected = "".join(unit.text for unit in units if unit.is_there)
    wait_until(f"the text is {expected}", lambda: ada.region.state()["text"] == expected)
    boards.become_equal()


def zoe_edits(ada, at, insert, erase):
    state = ada.region.state()
    status, answer = ada.region.ask("POST", f"/api/docs/{ada.doc}/text", {
        "page": "p-somebody-else", "name": "Zoe", "request": new_id(), "epoch": state["epoch"],
        "v": state["v"], "edits": [{"at": at, "erase": erase, "insert": insert}]})
    check(status == 200, answer)


def a_stream_goes_on(boards, bob):
    before = bob.version()
    bob.close()
    eve = boards.page("Virginia", "Eve2")
    eve.type(0, "missed ")
    wait_until("Eve sees it", lambda: eve.text.startswith("missed "))
    bob.open(after=f"{before['epoch']}.{before['v']}")
    check("text" not in bob.counts, "the stream is continued, not begun anew")
    wait_until("Bob has what he missed", lambda: bob.text == eve.text)


def people_are_seen_elsewhere(boards, ada, bob):
    boards.become_equal()   # A selection moves with the edits that its page has not seen yet.
    ada.done("cursor", **ada.version(), **{"from": 1, "to": 4})

    def ada_at_bobs():
        people = bob.sees("people") or {"people": []}
        return [each for each in people["people"] if each["page"] == ada.page]
    wait_until("Bob sees Ada's selection", lambda: [
        (each["from"], each["to"], each["region"]) for each in ada_at_bobs()] == [(1, 4, "Frankfurt")])
    ada.close()
    # Nobody else is in Frankfurt: so no teller runs there, and silence is what ends her presence.
    wait_until("Ada has gone", lambda: not ada_at_bobs(), 20)
    ada.open()


def a_region_is_killed(boards, random, ada, bob):
    """Edits that were acknowledged survive; those that were not are sent again and count once."""
    virginia = bob.region
    for page in boards.pages:
        if page.region is virginia and page is not bob:
            page.close()
    words = [f"word{i} " for i in range(30)]
    killed = threading.Timer(0.05 + 0.1 * random.random(), virginia.kill)
    killed.start()
    for word in words:
        request = new_id()
        while True:
            try:
                state = virginia.state()
                status, answer = bob.post("text", request=request, epoch=state["epoch"],
                                          v=state["v"], edits=[{"at": 0, "insert": word}])
                if status == 200:
                    break
                check(status == 409, answer)
            except (OSError, TypeError, http.client.HTTPException):
                killed.join()
                bob.connection = None
                virginia.start()
    killed.join()
    if virginia.process.poll() is not None:
        bob.connection = None
        virginia.start()
    epoch = bob.epoch
    bob.open(after=f"{bob.epoch}.{bob.v}")
    check(bob.epoch != epoch and bob.counts.get("text") == 1, "a new epoch brings the whole text")
    boards.become_equal()
    for word in words:
        check(ada.text.count(word) == 1, f"{word} is there {ada.text.count(word)} times")
    refused(bob.post("text", epoch=epoch, v=1, edits=[{"at": 0, "insert": "x"}]), 409, "version")


def foreign_pages_are_refused(boards):
    one = boards["Frankfurt"]
    body = {"page": "p-12345678", "name": "Mallory", "request": new_id(), "choice": "evil"}
    vote = "/api/docs/canoe-trip/vote"
    sister = f"http://127.0.0.1:{boards['Sydney'].port}"
    own = f"http://127.0.0.1:{one.port}"
    refused(one.ask("POST", vote, body, {"Origin": "http://evil.example"}), 403, "pages of this board")
    refused(one.ask("POST", vote, body, {"Origin": "null"}), 403, "pages of this board")
    refused(one.ask("POST", vote, body, {"Origin": sister}), 403, "pages of this board")
    refused(one.ask("POST", vote, body, {"Host": "evil.example"}), 403, "another address")
    refused(one.ask("POST", vote, raw="choice=evil", headers={"Content-Type": "text/plain"}), 415,
            "application/json")
    refused(one.ask("GET", "/api/docs", headers={"Origin": "http://evil.example"}), 403, "pages")
    check("evil" not in str(one.state()), "nothing was written")
    check(one.ask("GET", "/api/docs", headers={"Origin": sister})[0] == 200, "a sister may read")
    check(one.headers["Access-Control-Allow-Origin"] == sister, one.headers)
    check(one.ask("POST", vote, {**body, "choice": "own"}, {"Origin": own})[0] == 200, "its own page")
    link = {"between": ["Frankfurt", "Virginia"], "do": "heal"}
    check(one.ask("POST", "/api/links", link, {"Origin": sister})[0] == 200, "a sister's links")


def hostile_requests_get_a_sentence(boards, ada):
    one = boards["Frankfurt"]
    text = {**ada.version(), "edits": [{"at": 0, "insert": "x"}]}
    path = "/api/docs/canoe-trip/title"
    for raw in ("", "{", "[]", "null", '"x"', "\x00", '{"page": 7}', "[" * 100000):
        status, answer = one.ask("POST", path, raw=raw, headers={"Content-Type": "application/json"})
        check(status in (400, 411) and answer["error"].endswith("."), (raw[:9], status, answer))
    lone = '{"page":"p-12345678","name":"A","request":"r-12345678","text":"\\ud800"}'
    check(one.ask("POST", path, raw=lone)[0] == 400, "a lone surrogate")
    refused(ada.post("title", text="x" * 121), 413, "120 characters")
    refused(ada.post("title", text=" "), 400, "at least one letter")
    refused(ada.post("title", text="two\nlines"), 400, "one line")
    refused(ada.post("text", **{**text, "edits": [{"at": 10**9, "insert": "x"}]}), 400, "behind the end")
    refused(ada.post("text", **{**text, "edits": [{"at": -1, "insert": "x"}]}), 400, ".")
    refused(ada.post("text", **{**text, "v": 10**12}), 409, "version")
    refused(ada.post("text", edits=[{"anchor": "no anchor!", "insert": "x"}]), 400, "")
    refused(ada.post("text", **{**text, "edits": [{"at": 0}] * 1001}), 413, "1000")
    refused(ada.post("vote", choice="x", add=10**6), 400, "1 or -1")
    refused(ada.post("todo", do="tick", id="../../etc", done=True), 400, "")
    refused(ada.post("nothing"), 404, "address")
    refused(ada.post("title", request="x", text="y"), 400, "id of a request")
    refused(one.ask("GET", "/api/docs/none"), 404, "no such document")
    refused(one.ask("GET", "/../board.cc"), 404, "no such page")
    refused(one.ask("GET", "/%2e%2e/CMakeLists.txt"), 404, "no such page")
    refused(one.ask("POST", path, raw="x" * (5 << 20)), 413, "4 MiB")
    refused(one.ask("PUT", path, {}), 405, "GET and POST")
    for name in ("<script>alert(1)</script>", "\u202ekcab", "👩‍👩‍👧‍👦 family"):
        ada.done("title", text=name)
        check(one.state()["card"]["title"]["text"] == name, name)


def a_large_paste_arrives(boards, ada):
    paste = "Ünïcödé 🚣 " * 90_000   # About a million units.
    ada.type(0, paste)
    wait_until("all pages have it", lambda: all(
        page.text.startswith(paste) for page in boards.pages if page.connection), 60)
    ada.done("text", **ada.version(), edits=[{"at": 0, "erase": len(paste.encode("utf-16-le")) // 2}])
    boards.become_equal()


def limits_of_a_document_hold(boards, ada):
    status, made = boards["Frankfurt"].ask("POST", "/api/docs", {
        "page": ada.page, "name": "Ada", "request": new_id("d"), "title": "Limits"})
    check(status == 200, made)
    other = boards.page("Frankfurt", "Ada", made["doc"])
    for i in range(20):
        other.done("vote", choice=f"choice {i}")
    refused(other.post("vote", choice="one more"), 413, "20 choices")
    other.done("vote", choice="choice 3")
    for i in range(50):
        other.done("tag", do="add", tag=f"tag {i}")
    refused(other.post("tag", do="add", tag="one more"), 413, "50 tags")
    other.done("tag", do="remove", tag="tag 7")
    other.done("tag", do="add", tag="one more")
    wait_until("Sydney lists it", lambda: made["doc"] in str(boards["Sydney"].ask("GET", "/api/docs")))
    other.close()
    boards.pages.remove(other)


def many_streams_have_no_threads(boards, ada):
    one = boards["Frankfurt"]

    def threads():
        return len(os.listdir(f"/proc/{one.process.pid}/task"))
    before = threads()
    crowd = [boards.page("Frankfurt", f"P{i}") for i in range(100)]
    ada.type(0, "all of you ")
    wait_until("all see it", lambda: all(page.text == ada.text for page in crowd))
    check(threads() <= before + 1, f"{threads()} threads, {before} before")
    for page in crowd:
        page.close()
        boards.pages.remove(page)


def main():
    if not os.path.exists(BOARD):
        skip("examples/board is not built here (cmake/packages.sh board)")
    random = new_random()
    with Boards() as boards:
        ada, bob, _ = edits_meet_after_a_cut(boards)
        a_lost_title_is_put_back(boards, ada)
        requests_count_once(ada)
        a_vote_counts_once_in_all_regions(boards, ada, bob)
        undo_takes_back_ones_own(boards, ada, bob)
        old_places_are_moved(boards, random, ada)
        a_stream_goes_on(boards, bob)
        people_are_seen_elsewhere(boards, ada, bob)
        foreign_pages_are_refused(boards)
        hostile_requests_get_a_sentence(boards, ada)
        limits_of_a_document_hold(boards, ada)
        many_streams_have_no_threads(boards, ada)
        a_large_paste_arrives(boards, ada)
        a_region_is_killed(boards, random, ada, bob)


if __name__ == "__main__":
    sys.exit(main())

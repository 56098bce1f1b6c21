#!/usr/bin/env python3
"""The site of the documents, as the build has made it (docs/site.sh): every link and every anchor
leads somewhere, nothing is taken from elsewhere, each page is there under its own path, and
sections have the anchors by which warnings call them. Before that: the crawler finds all that is
planted."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from crawl import Site

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
# A file that the HTTP port serves: http/documents.cc.
NAME = re.compile(r"(\w[\w.-]*/)*\w[\w.-]*\.(html|js|css|png|svg)", re.ASCII)
SECTION = re.compile(r"docs/([a-z/-]+)\.md(?:#([\w-]+))?")


def check(holds, what):
    if not holds:
        sys.exit(f"not so: {what}")


def wrong_in(text, **others):
    """The complaints of the crawler about a site of one page, beside others."""
    with tempfile.TemporaryDirectory() as folder:
        for name, each in {"index": text, **others}.items():
            pathlib.Path(folder, f"{name}.html").write_text(each)
        pathlib.Path(folder, "a.css").write_text("p { color: red }")
        return Site(folder).wrong()


def the_crawler_finds():
    good = '<p id="x"><a href="b.html#y">b</a><a href="#x">x</a><a href="https://a.b/c">c</a></p>'
    other = ('<p id="y"><a href="index.html">back</a></p>'
             '<link rel="stylesheet" href="a.css">')
    check(wrong_in(good, b=other) == [], wrong_in(good, b=other))
    for planted in ('<a href="c.html">', '<a href="b.html#z">', '<a href="#z">',
                    '<a href="/b.html">', '<a href="../b.html">',
                    '<script src="https://a.b/c.js"></script>',
                    '<script src="//a.b/c.js"></script>', '<img src="c.png">',
                    '<link rel="stylesheet" href="http://a.b/c.css">', "<style>p {}</style>",
                    '<p style="color: red">', '<p onclick="x()">', "<script>x()</script>",
                    '<p id="x">'):
        check(len(wrong_in(good + planted, b=other)) == 1, planted)
    check(wrong_in(good, b=other, c="<p>") == ["c.html: no link leads there"], "a lonely page")


def page_of(path):
    """The page of the site that is made of a file."""
    if path == "docs/README.md":
        return "index.html"
    name = path.removesuffix(".md") + ".html"
    return name.removeprefix("docs/") if name.startswith("docs/") else f"project/{name}"


def every_page_is_there(site):
    files = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    check(len(files) > 40, "the pages of docs")
    wanted = {page_of(file.relative_to(ROOT).as_posix()) for file in files}
    wanted.add("search.html")
    check(set(site.pages) == wanted, set(site.pages) ^ wanted)
    for file in site.files("*"):
        name = site.name(file)
        check(file.is_dir() or NAME.fullmatch(name), f"the port serves {name}")


def warnings_lead_to_sections(site):
    named = set()
    for file in [*ROOT.glob("http/page/*.js"), *ROOT.glob("server/cli/**/*.cc")]:
        named |= set(SECTION.findall(file.read_text()))
    alarms = (ROOT / "docs/operations/alarms.md").read_text()
    named |= {("operations/alarms", kind) for kind in re.findall(r"^## ([a-z_]+)$", alarms, re.M)}
    check(len(named) > 30, named)
    for page, section in named:
        has = not section or section in site.pages[f"{page}.html"].anchors
        check(has, f"{page}.html has the section {section}")


def sources_are_named(site):
    """A link to a file that is no page has become text with its path."""
    text = (site.folder / "where.html").read_text()
    path = r"<code[^>]*path[^>]*>.*regions/state/committed\.cc"
    check(re.search(path, text), "a path in where.html")


def it_can_be_searched(site):
    index = (site.folder / "searchindex.js").read_text()
    check(index.startswith("Search.setIndex("), index[:40])
    for word in ("failov", "snapshot"):  # As the search cuts them.
        check(re.search(rf"\b{word}\w*\"?:", index), f"{word} is in the index")
    check("_static/searchtools.js" in site.pages["search.html"].taken, "the search has its script")


def main():
    the_crawler_finds()
    can = subprocess.run([ROOT / "docs/site.sh", "--can"], capture_output=True, text=True)
    folder = pathlib.Path(os.environ.get("ANABRANCH_TEST_BUILD", "build/release"), "site/html")
    if not (folder / "index.html").exists():
        print(f"skipped: {can.stderr.strip() or 'the site was not made in this tree'}")
        sys.exit(SKIPPED)
    site = Site(folder)
    for each in (every_page_is_there, warnings_lead_to_sections, sources_are_named,
                 it_can_be_searched):
        each(site)
    wrong = site.wrong()
    check(not wrong, "\n".join(wrong))
    links = sum(len(page.links) for page in site.pages.values())
    size = sum(file.stat().st_size for file in site.files("*") if file.is_file())
    print(f"{len(site.pages)} pages, {links} links, {size >> 10} KiB")


if __name__ == "__main__":
    main()

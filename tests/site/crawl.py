"""A made site, read file by file: its wrong() lists links and anchors that lead nowhere, files that
a page takes from elsewhere, styles and scripts in the text of a page (the Content-Security-Policy
of the HTTP port forbids them), and pages that no link reaches."""
import html.parser
import pathlib
import posixpath
import re
import urllib.parse

TAKEN = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src",
         "form": "action"}
OF_STYLES = re.compile(r"url\(\s*['\"]?(?!data:)([^'\")]+)|@import\s+['\"]([^'\"]+)")


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.taken, self.anchors, self.wrong = [], [], [], []
        self._script = False
        self.feed(text)
        twice = {each for each in self.anchors if self.anchors.count(each) > 1}
        self.wrong += [f"#{each} is there twice" for each in twice]

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" and "href" in given else []
        self.taken += [given[TAKEN[tag]]] if given.get(TAKEN.get(tag)) else []
        self._script = tag == "script" and "src" not in given
        if tag == "style":
            self.wrong.append("a style in its text")
        self.wrong += [f"a {name} in its text" for name in given
                       if name == "style" or name.startswith("on")]

    def handle_endtag(self, tag):
        self._script = False

    def handle_data(self, data):
        if self._script and data.strip():
            self.wrong.append("a script in its text")


class Site:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.pages = {self.name(file): Page(file.read_text()) for file in self.files("*.html")}

    def files(self, pattern):
        return sorted(self.folder.rglob(pattern))

    def name(self, file):
        return file.relative_to(self.folder).as_posix()

    def why_not(self, name, link):
        """Why a link of a file is wrong, or nothing."""
        parts = urllib.parse.urlsplit(link)
        if parts.scheme or parts.netloc or parts.path.startswith("/"):
            return "leads out of the site"
        path = urllib.parse.unquote(parts.path)
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
        if target.startswith("..") or not (self.folder / target).is_file():
            return "leads nowhere"
        anchor = urllib.parse.unquote(parts.fragment)
        has = not anchor or target in self.pages and anchor in self.pages[target].anchors
        return None if has else "has no such section"

    def wrong(self):
        found = [f"{name}: {each}" for name, page in self.pages.items() for each in page.wrong]
        reached = {"index.html", "search.html"}
        for name, page in self.pages.items():
            for link in page.links:
                if urllib.parse.urlsplit(link).scheme in ("http", "https"):
                    continue  # Of the web.
                reached.add(posixpath.normpath(posixpath.join(
                    posixpath.dirname(name), urllib.parse.urlsplit(link).path)))
                found += self.complaint(name, link)
            for link in page.taken:
                found += self.complaint(name, link)
        for file in self.files("*.css"):
            for each in OF_STYLES.findall(file.read_text()):
                found += self.complaint(self.name(file), "".join(each))
        lonely = sorted(set(self.pages) - reached)
        return found + [f"{name}: no link leads there" for name in lonely]

    def complaint(self, name, link):
        why = self.why_not(name, link)
        return [f"{name}: {link} {why}"] if why else []

"""The settings of Sphinx for docs/site.sh, and how links of the repository become those of the
site.

A link to a page of the site leads there, and to its section. One to any other file of the
repository becomes text with the path: the site is read where the repository is not. Sections have
the anchors that they have in the repository (tests/tidy checks them), so that an address may be
made of `docs/operations/alarms.md#log_kept`, and the sidebar has the order of the indexes.
"""
import os
import pathlib
import posixpath
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

project = "Anabranch"
root_doc = "index"
extensions = ["myst_parser"]
myst_heading_anchors = 6
highlight_language = "none"  # A block names its language, or has none.

html_theme = "basic"
html_title = "Anabranch"
html_static_path = ["site.css", "../../http/page/icon.svg"]
html_css_files = ["site.css"]
templates_path = ["templates"]
html_copy_source = False
html_use_index = False
html_permalinks = False

ROOT = pathlib.Path(os.environ["ANABRANCH_ROOT"])
LINK = re.compile(r"\]\(([^)#\s]+)\.md[^)]*\)")
ENTRY = re.compile(r"^- \[[^\]]*\]\(([^)#\s]+)\.md\)", re.M)  # Of a list of pages.


def origin_of(page):
    """The file of the repository that a page of the site is made of."""
    if page == root_doc:
        return "docs/README.md"
    return page[len("project/"):] + ".md" if page.startswith("project/") else f"docs/{page}.md"


# ---- The order of the sidebar.

def named_in(text, folder, pages, links=LINK):
    """The pages that links of a text name, from a folder, in its order and once each."""
    found = (posixpath.normpath(posixpath.join(folder, each)) for each in links.findall(text))
    return [page for page in dict.fromkeys(found) if page in pages]


def tree_of(caption, pages):
    lines = ["", "```{toctree}", ":hidden:", *([f":caption: {caption}"] if caption else []), ""]
    return "\n".join([*lines, *(f"/{page}" for page in pages), "```", ""])


def add_trees(app, page, source):
    """The first page has the lists of its sections, a page with a folder those that it names."""
    pages = app.env.found_docs
    below = {each for each in pages if each.startswith(page + "/")}
    if page == root_doc:
        here = {each for each in pages if "/" not in each and each != root_doc}
        first, *sections = re.split(r"^## (.*)$", source[0], flags=re.M)
        for caption, text in zip(sections[::2], sections[1::2]):
            listed = named_in(text, "", here, ENTRY)
            here -= set(listed)
            source[0] += tree_of(caption, listed)
        project = sorted(each for each in pages if each.startswith("project/"))
        source[0] += tree_of("For all", named_in(first, "", here) + project)
    elif below:
        source[0] += tree_of("", named_in(source[0], posixpath.dirname(page), below))


# ---- Links.

class Links(SphinxTransform):
    default_priority = 100  # Before Sphinx collects images and sections.

    def apply(self):
        self.origin = origin_of(self.env.docname)
        for kind in (addnodes.pending_xref, addnodes.download_reference):
            for link in list(self.document.findall(kind)):
                if link["reftype"] == "myst":
                    self.lead(link)
        for image in self.document.findall(nodes.image):
            image["uri"] = os.path.relpath(ROOT / self.path_of(image["uri"]), self.env.srcdir)
            image["uri"] = "/" + image["uri"]
        self.name_sections()

    def path_of(self, link):
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.origin), link))

    def lead(self, link):
        target, _, anchor = link["reftarget"].partition("#")
        if not target:
            return
        path = self.path_of(target)
        pages = {origin_of(each): each for each in self.env.found_docs}
        if path not in pages:
            link.replace_self(as_text(link, path + "/" * target.endswith("/")))
            return
        here = posixpath.dirname(self.env.docname)
        link["reftarget"] = posixpath.relpath(pages[path] + ".md", here or ".")
        link["reftarget"] += f"#{anchor}" if anchor else ""

    def name_sections(self):
        """Gives sections the anchors by which links call them; Sphinx has made others."""
        known = self.env.get_domain("std")
        for section in self.document.findall(nodes.section):
            label = section["myst-anchor"]
            anchor = label.rpartition("#")[2]
            known.anonlabels[label] = (self.env.docname, anchor)
            known.labels[label] = (self.env.docname, anchor, known.labels[label][2])
            section["ids"] = [anchor]



def as_text(link, path):
    """The text of a link with the path: the path alone where the text is its end."""
    text = link.astext()
    whole = nodes.literal("", path, classes=["path"])
    if path.rstrip("/") == text.rstrip("/") or path.rstrip("/").endswith("/" + text.rstrip("/")):
        return whole
    return [*link.children, nodes.Text(" ("), whole, nodes.Text(")")]


def setup(app):
    app.connect("source-read", add_trees)
    app.add_transform(Links)

#!/bin/sh
# Makes a site of the documents, to be read in a browser, offline too: HTML with a search, and
# nothing from elsewhere. The program is Sphinx with MyST, of Debian (cmake/packages.sh docs).
#
#   docs/site.sh [FOLDER]    FOLDER/html, by default build/site/html
#   docs/site.sh --can       whether the program is there; else says so, and fails
#
# The documents are read as they are: docs/site/conf.py says how their links become those of the
# site. A warning is an error.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=/usr/bin/python3  # Debian's: another one has not Debian's Sphinx.

# conf.py works on what MyST makes of links, for which each version has its own forms.
can() {
  "$python" -c '
import importlib.metadata as packages, sys
packages.version("Sphinx")
sys.exit(not packages.version("myst-parser").startswith("0.18."))' 2>/dev/null
}
if ! can; then
  echo "no Sphinx with MyST 0.18 here (cmake/packages.sh docs)" >&2
  exit 1
fi
[ "${1-}" != --can ] || exit 0

folder=${1:-$root/build/site}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# Their places on the site, as conf.py knows them: docs are the site, its first page is their index,
# and the documents of the repository's root are in `project`.
pages=$folder/pages
rm -rf "$pages" "$folder/read" "$folder/html"
mkdir "$pages" "$pages/project"
(cd "$root/docs" && find . -name '*.md') | while read -r page; do
  mkdir -p "$pages/${page%/*}"
  cp -p "$root/docs/$page" "$pages/$page"
done
mv "$pages/README.md" "$pages/index.md"
cp -p "$root"/*.md "$pages/project"

ANABRANCH_ROOT=$root "$python" -m sphinx -q -W --keep-going -b html -c "$root/docs/site" \
  -d "$folder/read" "$pages" "$folder/html"
# Of the theme, for pages that are not made here.
cd "$folder/html"
rm -rf .buildinfo objects.inv genindex.html _sources
cd _static
rm -f basic.css jquery*.js underscore*.js _sphinx_javascript_frameworks_compat.js ./*.png

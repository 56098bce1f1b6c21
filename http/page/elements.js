// Elements of the page, and lists that keep theirs, and so the focus, while their data changes.

// Returns a new element with properties and children.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Sets the text of an element, without a change when it is the same.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Sets an attribute likewise; none for an empty or undefined value.
export function mark(element, name, value) {
  if (value === undefined || value === '') element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// Makes `parent` show one element for each item, in order: `create(item)` for a new one,
// `update(element, item)` for all. Elements are found again by `keyOf(item)`.
export function showList(parent, items, keyOf, create, update) {
  const old = new Map(Array.from(parent.children, (each) => [each.dataset.key, each]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let element = old.get(key);
    old.delete(key);
    if (!element) {
      element = create(item);
      element.dataset.key = key;
    }
    if (element === next) next = next.nextElementSibling;
    else move(parent, element, next);
    update(element, item);
  }
  for (const element of old.values()) element.remove();
}

// Puts an element in front of another one. A focus within it stays.
function move(parent, element, next) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  parent.insertBefore(element, next);
  focused?.focus({preventScroll: true});
}

// Returns {item, key} for each item, each key once: of items with equal keys the later ones get a number.
export function numbered(items, keyOf) {
  const seen = new Map();
  return items.map((item) => {
    const key = keyOf(item);
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return {item, key: before === 0 ? key : `${key} #${before}`};
  });
}

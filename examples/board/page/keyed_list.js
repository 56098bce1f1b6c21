// Lists on the page that keep their elements, and so focus, while their data changes.

// Makes `parent` show one element for each item, in order: `make(item)` for a new one, `update(element,
// item)` for all. Elements are found again by `keyOf(item)`.
export function showList(parent, items, keyOf, make, update) {
  const old = new Map(Array.from(parent.children, (each) => [each.dataset.key, each]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let element = old.get(key);
    old.delete(key);
    if (!element) {
      element = make(item);
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

// Returns a new element with properties and children.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function button(text, label, onclick) {
  const element = make('button', {type: 'button', textContent: text, title: label, onclick});
  if (label) element.setAttribute('aria-label', label);
  return element;
}

// Calls `add(text)` for the text entered in a form with one field.
export function onEntered(form, add) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const field = form.querySelector('input');
    const text = field.value.trim();
    if (text) add(text);
    field.value = '';
    field.focus();
  });
}

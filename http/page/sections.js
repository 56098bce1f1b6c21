// Sections of the documents, as warnings name them: `docs/operations/alarms.md#away`.
import {make} from './elements.js';

// Returns the address of a section on the site that is `at` a place.
export const addressOf = (section, at) => at + section.replace(/^docs\//, '').replace(/\.md(?=#|$)/, '.html');

// Shows words and behind them the name of a section: a link to it, where the documents are `at` a place.
export function showSection(element, words, section, at) {
  const href = at ? addressOf(section, at) : undefined;
  const link = element.querySelector('a')?.getAttribute('href') ?? undefined;
  if (link === href && element.textContent === `${words}${section}.`) return;
  const name = href ? make('a', {href, target: '_blank', textContent: section}) : section;
  element.replaceChildren(words, name, '.');
}

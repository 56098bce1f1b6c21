// Text from elsewhere (names, keys, values, reasons) for people: every character that a reader would
// not see, or that turns the direction of its neighbours, is written out.

const kHidden = new RegExp(
  '[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f' +
  '\\ufeff\\ufff9-\\ufffb]|\\p{Cs}', 'gu');
const kRightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const kNamed = {'\n': '\\n', '\r': '\\r', '\t': '\\t'};
const kFirstIsolate = '\u2068';
const kPopIsolate = '\u2069';

function written(character) {
  const hex = character.codePointAt(0).toString(16);
  return kNamed[character] ?? (hex.length < 3 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`);
}

// Returns text without characters that hide or turn; of bytes that are no text ({hex}) the digits.
export function printable(text) {
  if (text !== null && typeof text === 'object') return `\\x${String(text.hex ?? '')}`;
  return String(text ?? '').replace(kHidden, written);
}

// The same, at most so many characters, with an ellipsis for the rest.
export function shortened(text, most) {
  const characters = Array.from(printable(text));
  return characters.length <= most ? characters.join('') : `${characters.slice(0, most - 1).join('')}…`;
}

// A name within a sentence: one that is written from right to left does not turn what follows.
export function inSentence(text, most = 60) {
  const name = shortened(text, most);
  return kRightToLeft.test(name) ? kFirstIsolate + name + kPopIsolate : name;
}

// The visitor's name: as it was entered last, or one that is easy to tell apart.
const kKey = 'board name';
const kNames = ['Ada', 'Bo', 'Cleo', 'Dina', 'Emil', 'Fay', 'Gus', 'Hana', 'Ivo', 'Jun', 'Kaya', 'Lou'];

export function visitorName() {
  const [chosen] = crypto.getRandomValues(new Uint8Array(1));
  return localStorage.getItem(kKey) || kNames[chosen % kNames.length];
}

// Calls `renamed(name)` when another name is entered in the field.
export function followName(field, renamed) {
  field.addEventListener('change', () => {
    const name = field.value.trim();
    if (!name) return;
    localStorage.setItem(kKey, name);
    renamed(name);
  });
}

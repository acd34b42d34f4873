/** Puts words of both languages on the page: Chinese first, English second. */

/**
 * @param {HTMLElement} element
 * @param {{zh: string, en: string}|null} words hidden when there are none
 */
export function say(element, words) {
  element.hidden = words === null;
  element.replaceChildren(...(words === null ? [] : pair(words)));
}

/** @param {{zh: string, en: string}} words @returns {(HTMLElement|string)[]} one part where both are the same, as for numbers */
export function pair({ zh, en }) {
  if (zh === en) return [zh];
  return [part("zh-CN", zh), " ", part("en", en)];
}

function part(language, text) {
  const element = document.createElement("span");
  element.lang = language;
  element.textContent = text;
  return element;
}

function small(text) {
  const element = document.createElement("span");
  element.className = "note";
  element.textContent = text;
  return element;
}

/**
 * @param {HTMLElement} list a <dl>
 * @param {{label: object, value: object, note?: string}[]} lines
 */
export function define(list, lines) {
  list.hidden = lines.length === 0;
  list.replaceChildren(...lines.map(({ label, value, note }) => {
    const line = document.createElement("div");
    const term = document.createElement("dt");
    const description = document.createElement("dd");
    term.append(...pair(label));
    description.append(...pair(value));
    if (note) description.append(" ", small(note));
    line.append(term, description);
    return line;
  }));
}

/** Words for people: picks a language, fills in values. Knows no screen and no storage. */

/**
 * @param {Record<string, string>} table key to sentence; values in it are written {name}, an ending for several of them {name|s}
 * @param {string} key
 * @param {Record<string, string|number>} [values]
 * @returns {string} the key itself when there is no sentence, so that a gap is seen and nothing breaks
 */
export function sentence(table, key, values = {}) {
  const template = table[key] ?? key;
  return template.replace(/\{(\w+)(?:\|(\w+))?\}/g, (whole, name, ending) => {
    if (ending === undefined) return String(values[name] ?? whole);
    return values[name] === 1 ? "" : ending;
  });
}

/**
 * @param {{zh?: string, en?: string}|null|undefined} both
 * @param {string} language
 * @returns {string}
 */
export function inLanguage(both, language) {
  return both?.[language] ?? both?.zh ?? both?.en ?? "";
}

/** One choice of a policy as a labelled box, in both languages: its words come from the city, not from this page. */

/**
 * @param {{name: string, code: string, title: {zh: string, en: string}, testid: string, type?: "radio"|"checkbox"}} choice
 * @returns {HTMLLabelElement}
 */
export function option({ name, code, title, testid, type = "radio" }) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  const words = document.createElement("span");
  const english = document.createElement("span");
  label.className = "choice";
  label.dataset.offered = code;
  Object.assign(box, { type, name, value: code });
  box.dataset.testid = testid;
  english.lang = "en";
  english.textContent = title.en;
  words.append(`${title.zh} `, english);
  label.append(box, words);
  return label;
}

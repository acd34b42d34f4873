/** What a registered buyer is asked, while the authority has switched the registry on: codes, never free text. */

import { option } from "./option.js";

/**
 * @param {() => string} chosen the class of medicines that is about to be sold
 * @returns {{value: () => object, reset: () => void, offer: (choices: object) => void}}
 */
export function registrationForm(chosen) {
  const form = document.getElementById("registration");
  let registered = new Set();
  const show = () => {
    form.hidden = !registered.has(chosen());
  };
  document.getElementById("medicine").addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  return {
    value: () => {
      if (form.hidden) return {};
      const answers = new FormData(form);
      return answers.get("reason") ? { registration: { reason: answers.get("reason"), symptoms: answers.getAll("symptom") } } : {};
    },
    reset: () => {
      form.reset();
      show();
    },
    offer: ({ classes, reasons, symptoms }) => {
      registered = new Set(classes.filter((entry) => entry.registration).map(({ code }) => code));
      const fill = (id, name, type, choices) => {
        const set = document.getElementById(id);
        set.querySelectorAll("label").forEach((label) => label.remove());
        set.append(...choices.map(({ code, title }) => option({ name, code, title, type, testid: `${name}-${code}` })));
      };
      fill("registration-reasons", "reason", "radio", reasons);
      fill("registration-symptoms", "symptom", "checkbox", symptoms);
      show();
    },
  };
}

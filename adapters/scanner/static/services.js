/** The hall's choice before the scan: for which service a number is drawn. */

import { option } from "./option.js";

/** @returns {{value: () => object, reset: () => void, offer: (choices: object) => void}} */
export function servicesForm() {
  const form = document.getElementById("services");
  const first = () => {
    const box = form.querySelector("input");
    if (box) box.checked = true;
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  return {
    value: () => {
      const service = new FormData(form).get("service");
      return service ? { service } : {};
    },
    reset: first,
    offer: ({ services }) => {
      const before = new FormData(form).get("service");
      form.querySelectorAll("label").forEach((label) => label.remove());
      form.querySelector("fieldset").append(...services.map(({ code, title, prefix, waiting }) => option({ name: "service", code,
        title: { zh: `${prefix} ${title.zh}（等候 ${waiting} 人）`, en: `${title.en}, ${waiting} waiting` }, testid: `service-${code}` })));
      const same = before && form.querySelector(`input[value="${CSS.escape(before)}"]`);
      if (same) same.checked = true;
      else first();
    },
  };
}

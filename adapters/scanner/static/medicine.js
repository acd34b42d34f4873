/** The pharmacy's choice before the scan: kind of medicine and number of packages. */

import { option } from "./option.js";

const MOST_PACKAGES = 9;

/**
 * @returns {{value: () => object|undefined, reset: () => void, offer: (classes: object[]) => void, chosen: () => string}}
 *   `value` is what the scan call carries, `offer` replaces the classes by those of the policy in force
 */
export function medicineForm() {
  const form = document.getElementById("medicine");
  const line = document.getElementById("packages-line");
  const count = document.getElementById("packages");
  const most = new Map();
  const chosen = () => new FormData(form).get("class") ?? "none";
  const limited = () => chosen() !== "none";
  const set = (packages) => {
    count.textContent = String(Math.min(most.get(chosen()) ?? MOST_PACKAGES, Math.max(1, packages)));
    line.hidden = !limited();
  };
  form.addEventListener("change", () => set(1));
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("fewer").addEventListener("click", () => set(Number(count.textContent) - 1));
  document.getElementById("more").addEventListener("click", () => set(Number(count.textContent) + 1));
  form.hidden = false;
  return {
    chosen,
    value: () => (limited() ? { class: chosen(), packages: Number(count.textContent) } : undefined),
    // The next customer buys something else.
    reset: () => {
      form.reset();
      form.dispatchEvent(new Event("change"));
    },
    offer: (classes) => {
      const before = chosen();
      form.querySelectorAll("label[data-offered]").forEach((label) => label.remove());
      most.clear();
      for (const { code, title, most: packages } of classes) {
        most.set(code, packages);
        form.querySelector("fieldset").append(option({ name: "class", code, title, testid: `medicine-${code}` }));
      }
      const same = form.querySelector(`input[value="${CSS.escape(before)}"]`);
      if (same) same.checked = true;
      else form.reset();
      set(Number(count.textContent));
    },
  };
}

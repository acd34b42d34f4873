/** The pharmacy's choice before the scan: kind of medicine and number of packages. */

const MOST_PACKAGES = 9;

/** @returns {{value: () => object|undefined, reset: () => void}} `value` is what the scan call carries */
export function medicineForm() {
  const form = document.getElementById("medicine");
  const line = document.getElementById("packages-line");
  const count = document.getElementById("packages");
  const limited = () => new FormData(form).get("class") !== "none";
  const set = (packages) => {
    count.textContent = String(Math.min(MOST_PACKAGES, Math.max(1, packages)));
    line.hidden = !limited();
  };
  form.addEventListener("change", () => set(1));
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("fewer").addEventListener("click", () => set(Number(count.textContent) - 1));
  document.getElementById("more").addEventListener("click", () => set(Number(count.textContent) + 1));
  form.hidden = false;
  return {
    value: () => (limited() ? { class: new FormData(form).get("class"), packages: Number(count.textContent) } : undefined),
    // The next customer buys something else.
    reset: () => {
      form.reset();
      set(1);
    },
  };
}

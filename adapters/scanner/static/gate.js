/** Which way a gate lets people through, and how many of a booking: set by staff before the scan. */

/** @param {boolean} people whether the place has bookings of several people @returns {{value: () => object, reset: () => void}} */
export function gateForm(people) {
  const form = document.getElementById("gate");
  const count = document.getElementById("gate-people");
  form.addEventListener("submit", (event) => event.preventDefault());
  count.parentElement.hidden = !people;
  form.hidden = false;
  return {
    value: () => {
      const passage = new FormData(form).get("passage");
      const number = people ? Number.parseInt(count.value, 10) : Number.NaN;
      return { ...(passage && { passage }), ...(number > 0 && { people: number }) };
    },
    // The way stays as it is: a gate has one. The people were of one booking.
    reset: () => {
      count.value = "";
    },
  };
}

/** The hospital desk's choice before the scan: act and department; and a number typed from a checked document. */

/** Below the service's own bound for the code of a department. */
const DEPARTMENT = /^[a-z][a-z0-9_-]{0,19}$/;

/**
 * @param {(typed: {document: string, number: string}) => void} onTyped a number was typed; the document is in hand
 * @returns {{value: () => object, reset: () => void}} `value` is what the scan call carries beside the code
 */
export function clinicForm(onTyped) {
  const form = document.getElementById("clinic");
  const number = document.getElementById("clinic-number");
  const department = document.getElementById("clinic-department");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = { document: document.getElementById("clinic-document").value, number: number.value.trim() };
    // Nothing about a person stays in the page.
    number.value = "";
    document.activeElement?.blur();
    if (typed.number) onTyped(typed);
  });
  form.hidden = false;
  return {
    value: () => {
      const named = department.value.trim();
      return { act: new FormData(form).get("act"), ...(DEPARTMENT.test(named) && { department: named }) };
    },
    // A desk stays at its department; the next patient checks in.
    reset: () => {
      form.elements.act.value = "check_in";
    },
  };
}

/** Whom a row of a policy's table is for, by the entitlements of a grant, as `codeservice/condition.py` has it. */

const FACTS = {
  fare: { entitlement: 1, names: { adult: 1, student: 2, senior_half: 3, senior_free: 4, child: 5, disabled: 6, veteran: 7, blood_donor: 8 } },
  resident: { entitlement: 2, names: { resident: 1, neighbour: 2, visitor: 3 } },
  insured: { entitlement: 3, names: { none: 0, employee: 1, resident: 2 } },
};

/**
 * @param {{when: object}[]} rows
 * @param {Map<number, number>} entitlements
 * @returns {object|null} the first row whose condition holds; nobody is meant by an empty table
 */
export function rowFor(rows, entitlements) {
  return rows.find(({ when }) => holds(when, entitlements)) ?? null;
}

/** A condition without any fact holds for nobody. */
function holds(when, entitlements) {
  if (when.anyone) return true;
  const asked = Object.entries(FACTS).filter(([fact]) => when[fact].length > 0);
  return asked.length > 0 && asked.every(([fact, { entitlement, names }]) => {
    const value = entitlements.get(entitlement);
    return value !== undefined && when[fact].some((name) => names[name] === value);
  });
}

/** The scenes: kinds of places, each one bit of the mask that every grant carries. Bits are wire values, never reused. */

/** @type {Map<string, number>} bit by name */
export const SCENE_BITS = new Map([["bus", 0], ["hospital", 1], ["pharmacy", 2], ["scenic_spot", 3], ["government", 4], ["venue", 5]]);

/**
 * @param {string} scene
 * @returns {number}
 * @throws {TypeError} for a scene that does not exist: a policy with it is the caller's fault, not the code's
 */
export function maskOf(scene) {
  const bit = SCENE_BITS.get(scene);
  if (bit === undefined) throw new TypeError(`no scene ${scene}`);
  return 1 << bit;
}

/** Who is inside a place, as `adapters/presence.py` has it: people who went in less people who left. */

/**
 * Books that the holder's people go in or leave.
 *
 * @returns {Promise<number|null>} how many are inside then; null when more than `limit` would be: the caller refuses
 */
export async function move(memory, name, change, limit) {
  const balance = await memory.add(`inside:${memory.place}:${name}`, change);
  return memory.addShared(`inside:${name}`, Math.max(0, balance) - Math.max(0, balance - change), limit);
}

/** @returns {Promise<number>} how many of the holder's people are inside, as far as this terminal knows */
export function inside(memory, name) {
  return memory.add(`inside:${memory.place}:${name}`, 0);
}

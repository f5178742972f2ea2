/**
 * Comparisons and their truth, as in `field_schema/logic.py` and `field_schema/comparing.py`.
 *
 * A conjunction is the greatest of its parts: one FALSE decides even if others are unknown, an
 * UNKNOWN is never overlooked, UNSURE (the limit lies inside the tolerance) never passes for TRUE.
 * All numbers are integers below 2^53, so nothing rounds unless it says so.
 *
 * @typedef {Object<string, any>} Answers canonical: measure -> integer, word or boolean
 * @typedef {object} Test one comparison, compiled
 * @property {string} measure
 * @property {?string} under the measure below the line of a ratio
 * @property {?[number, number]} ratio the limit num : den
 * @property {(answers: Answers) => 0|1|2|3} truth
 * @property {(answers: Answers) => ?number} excess how far the reading lies beyond its limit
 *   (negative: inside), in the measure's unit; null for words; not asked of what is missing
 * @property {number} within by how much the reading may be wrong, in the measure's unit
 */
export const [TRUE, UNSURE, UNKNOWN, FALSE] = [0, 1, 2, 3]

/**
 * A comparison as the files write it, compiled.
 * @param {[string, string, ...(number|string|boolean)[]]} comparison `["width_mm", "ge", 900]`
 * @param {(measure: string) => number} tolerance 0 for what is counted or chosen
 * @returns {Test}
 */
export function compile([measure, op, ...value], tolerance) {
  const t = tolerance(measure)
  if (op === 'ratio_le') return compileRatio(measure, t, value, tolerance(value[0]))
  const test = { measure, under: null, ratio: null, within: t }
  if (op === 'is' || op === 'one_of') {
    const truth = ({ [measure]: v }) => (v == null ? UNKNOWN : value.includes(v) ? TRUE : FALSE)
    return { ...test, truth, excess: () => null }
  }
  const [low, high] = bounds(op, ...value)
  const truth = ({ [measure]: v }) => {
    if (v == null) return UNKNOWN
    if (v < low - t || v > high + t) return FALSE
    // No reading can prove equality, it can only fail to disprove it.
    return op === 'eq' || (v >= low + t && v <= high - t) ? TRUE : UNSURE
  }
  return { ...test, truth, excess: ({ [measure]: v }) => Math.max(low - v, v - high) }
}

/** The lowest and the highest value allowed. */
function bounds(op, a, b) {
  if (op === 'between') return [a, b]
  if (op === 'eq') return [a, a]
  if (op === 'ge' || op === 'gt') return [op === 'gt' ? a + 1 : a, Infinity]
  return [-Infinity, op === 'lt' ? a - 1 : a]
}

/** measure : under <= num : den, multiplied across; only the excess is rounded, half up. */
function compileRatio(measure, ta, [under, num, den], tb) {
  const reach = ta * den + tb * num
  const over = ({ [measure]: a, [under]: b }) => a * den - b * num
  const truth = (answers) => {
    if (answers[measure] == null || answers[under] == null) return UNKNOWN
    const by = over(answers)
    return by + reach <= 0 ? TRUE : by - reach > 0 ? FALSE : UNSURE
  }
  const excess = (answers) => Math.floor((2 * over(answers) + den) / (2 * den))
  const within = ta + Math.ceil((tb * num) / den)
  return { measure, under, ratio: [num, den], truth, excess, within }
}

/** Answers against rules: findings, as in `field_schema/assessment.py`. */
import { decide } from './ruleset.js'
import { FALSE, UNSURE } from './truth.js'

const CODES = {
  compliant: 'complies', violation: 'breaks', borderline: 'within_tolerance',
  not_measured: 'missing', not_applicable: 'condition_not_met',
}
/** Which of several runs or doors is the worst. */
const RANK = ['not_applicable', 'compliant', 'borderline', 'not_measured', 'violation']
const BUILDINGS = ['existing', 'new', 'reconstructed', 'temporary']

/**
 * Every rule that speaks of this element, applied to its answers; what was not run stands first.
 * Throws for a building status that no rule can speak of.
 * @param {{rules: object[]}} ruleset
 * @param {{status: string, built_on: ?string, altered_on: ?string}} building
 *   days as "1985-01-01"; null or absent when not known
 * @param {{type: string, state: string, answers: import('./truth.js').Answers,
 *   not_measured: ?Object<string, string>}} element
 *   repeats stand under their group's name, as a list of answers with dotted keys
 * @returns {{requirement: string, standard: string, edition: string, weight: string,
 *   verdict: string, row: ?string, index: ?number, reason: {code: string}}[]}
 */
export function assess(ruleset, building, element) {
  if (!BUILDINGS.includes(building.status)) {
    throw new Error(`building status ${building.status} is none of ${BUILDINGS.join(', ')}`)
  }
  const [excluded, judged] = [[], []]
  for (const rule of ruleset.rules.filter((each) => each.requirement.element === element.type)) {
    const why = exclusion(rule, element.state, building)
    if (why) excluded.push(finding(rule, { verdict: why[0] }, null, { code: why[1] }))
    else judged.push(judge(rule, element))
  }
  return [...excluded, ...judged]
}

/** Why a requirement is not run at all, as [verdict, code]; null when it is. */
function exclusion({ requirement: { applies } }, state, { status, built_on, altered_on }) {
  const { built_before: before, built_from: since } = applies
  if (applies.state && !applies.state.includes(state)) return ['not_applicable', 'other_state']
  if (!applies.building.includes(status)) return ['not_applicable', 'other_building']
  if (!before && !since) return null
  const on = altered_on ?? (status === 'reconstructed' ? null : built_on)
  if (on == null) return ['not_measured', 'build_date_unknown']
  const outside = (before && on >= before) || (since && on < since)
  return outside ? ['not_applicable', 'other_build_date'] : null
}

function judge(rule, { answers, not_measured: said = {} }) {
  const repeats = answers[rule.group] ?? []
  const items = repeats.length ? repeats.map((repeat) => ({ ...answers, ...repeat })) : [answers]
  const found = items.map((item) => {
    const [verdict, row] = decide(rule, item)
    const limits = verdict === 'violation' || verdict === 'borderline' ? rule.rows[row]?.must : []
    const missed = (limits ?? []).filter(({ truth }) => [FALSE, UNSURE].includes(truth(item)))
    return { verdict, row, item, missed }
  })
  // Of equals the first is named.
  const worst = found.reduce((one, other) => (isWorse(other, one) ? other : one))
  const index = repeats.length ? found.indexOf(worst) : null
  return finding(rule, worst, index, reason(rule, worst, said))
}

function finding({ requirement: { id }, standard, edition, weight, rows }, item, index, reason) {
  const { verdict, row } = item
  return { requirement: id, standard, edition, weight, verdict,
    row: rows[row]?.name ?? null, index, reason }
}

/** Of equal verdicts the steeper is worse; of equally steep ones the further beyond. */
function isWorse(one, other) {
  const ranks = RANK.indexOf(one.verdict) - RANK.indexOf(other.verdict)
  const [[rise, run], [otherRise, otherRun]] = [steepest(one), steepest(other)]
  const steeper = rise * otherRun - otherRise * run
  const worse = steeper > 0 || (steeper === 0 && furthest(one) > furthest(other))
  return ranks > 0 || (ranks === 0 && worse)
}

/** Never divided: a rise over no run is 1 over 0, no ratio at all 0 over 1. */
function steepest({ missed, item }) {
  const ratios = missed.filter(({ under }) => under).map(({ measure, under }) =>
    item[under] ? [item[measure], item[under]] : [1, 0])
  return ratios.reduce((a, b) => (b[0] * a[1] > a[0] * b[1] ? b : a), [0, 1])
}

function furthest({ missed, item }) {
  const by = missed.flatMap(({ under, excess }) => (under ? [] : excess(item) ?? []))
  return by.length ? Math.max(...by) : 0
}

/** A stable code with its parameters: what is missing, or how far each reading misses. */
function reason(rule, { verdict, row, item, missed }, said) {
  if (verdict === 'not_measured') {
    const measures = rule.measures.filter((measure) => item[measure] == null)
    const words = [...measures, rule.group].filter((name) => name in said)
    const given = Object.fromEntries(words.map((name) => [name, said[name]]))
    return { code: CODES[verdict], measures, ...(words.length && { said: given }) }
  }
  if (verdict === 'not_applicable') return { code: CODES[verdict] }
  if (row < 0) return { code: 'condition_within_tolerance' }
  const beyond = {}
  for (const { measure, excess, within } of missed) {
    const by = excess(item)
    if (by !== null && !(by <= beyond[measure]?.by)) beyond[measure] = { by, within }
  }
  const { printed } = rule.requirement
  const rounded = printed && withinRounding(printed, rule.rows[row].must, item)
  return { code: CODES[verdict], ...(Object.keys(beyond).length && { beyond }),
    ...(rounded && { rounding: printed.text }) }
}

/** Whether a slope lies between the printed percentage and the ratio that it rounds. */
function withinRounding(printed, must, item) {
  const rounds = ([num, den]) =>
    Math.floor((2 * num * printed.den + den) / (2 * den)) === printed.num
  const slope = must.find(({ measure, under, ratio }) =>
    ratio && rounds(ratio) && item[measure] != null && item[under] != null)
  if (!slope) return false
  const [rise, run, [num, den]] = [item[slope.measure], item[slope.under], slope.ratio]
  return rise * printed.den > run * printed.num && rise * den <= run * num
}

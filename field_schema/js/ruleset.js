/** Released files, as they are served, compiled into rules; as in `field_schema/ruleset.py`. */
import { FALSE, TRUE, UNKNOWN, UNSURE, compile } from './truth.js'

const VERDICT_OF = ['compliant', 'borderline', 'not_measured', 'violation']
const NO_ROW = -1
const undecided = (unmeasured) => [unmeasured ? 'not_measured' : 'borderline', NO_ROW]

/**
 * One edition from the files that make it up: standard.json and its requirements files, in the
 * order of their names. An imported edition is one such file already.
 * @param {object} standard
 * @param {...object} files
 * @returns {{standard: string, edition: string, requirements: object[]}}
 */
export function edition(standard, ...files) {
  return { ...standard, requirements: files.flatMap((file) => file.requirements) }
}

/**
 * What a profile inspects by on a day. Throws when one of its standards has no edition in force
 * then, or when that edition is not given: the newest one is never taken instead.
 * @param {object} profile the profile's file
 * @param {string} on "2021-11-28"
 * @param {object[]} editions
 * @param {object[]} forms the files of forms, with those from which they take sections over
 * @returns {{profile: string, on: string, rules: object[]}}
 */
export function ruleset(profile, on, editions, forms) {
  const tolerances = tolerancesOf(forms)
  const rules = []
  for (const id of new Set(profile.editions.map(({ standard }) => standard))) {
    const adopted = profile.editions.find(({ standard, in_force: { from, to } }) =>
      standard === id && from <= on && (to === null || on <= to))
    const law = adopted && editions.find(({ standard, edition }) =>
      standard === id && edition === adopted.edition)
    if (!law) throw new Error(`${profile.profile}: no edition of ${id} for ${on}; load it first`)
    rules.push(...law.requirements.map((each) => rule(each, law, adopted.weight, tolerances)))
  }
  return { profile: profile.profile, on, rules }
}

/** "element measure" -> the tolerance of its method, with the sections that are taken over. */
function tolerancesOf(forms) {
  const found = new Map()
  const read = (form, element) => {
    const { from, questions = [], groups = [] } = form.elements[element]
    if (from) {
      const other = forms.find((each) => `${each.form}/${each.version}` === from)
      if (!other) throw new Error(`form ${form.form} takes ${element} over from ${from}; load it`)
      read(other, element)
    }
    for (const { id, questions: asked = [] } of [{ questions }, ...groups]) {
      for (const question of asked) {
        const measure = id ? `${id}.${question.id}` : question.id
        found.set(`${element} ${measure}`, form.methods[question.method]?.tolerance ?? 0)
      }
    }
  }
  for (const form of forms) Object.keys(form.elements).forEach((element) => read(form, element))
  return found
}

/** One requirement, ready to run. A number from memory never binds, whatever the profile says. */
function rule(requirement, { standard, edition }, weight, tolerances) {
  const tolerance = (measure) => tolerances.get(`${requirement.element} ${measure}`) ?? 0
  const compiled = (comparisons = []) => comparisons.map((each) => compile(each, tolerance))
  const rows = (requirement.first ?? [{ must: requirement.must }]).map((row) =>
    ({ name: row.row ?? null, when: compiled(row.when), must: compiled(row.must) }))
  const when = compiled(requirement.when)
  const tests = [...rows.flatMap((row) => [...row.when, ...row.must]), ...when]
  const measures = [...new Set(tests.flatMap(({ measure, under }) => [measure, under ?? measure]))]
  const recalled = requirement.cite.confidence === 'recalled, not verified'
  const group = measures.find((measure) => measure.includes('.'))?.split('.')[0] ?? null
  const binds = recalled ? 'reference' : weight
  return { requirement, standard, edition, weight: binds, measures, group, when, rows }
}

const every = (tests, answers) => Math.max(TRUE, ...tests.map(({ truth }) => truth(answers)))

/**
 * `when`, then the first row that holds, then its `must`.
 * @param {{when: object[], rows: object[]}} rule
 * @param {import('./truth.js').Answers} answers with those of one repeat, if it runs over one
 * @returns {[string, number]} verdict and row, -1 when no row decided
 */
export function decide({ when, rows }, answers) {
  const condition = every(when, answers)
  if (condition === FALSE) return ['not_applicable', NO_ROW]
  const found = firstRow(rows, answers)
  if (condition === TRUE || found[0] === 'not_applicable') return found
  if (condition === UNSURE && found[0] === 'compliant') return found
  return undecided(condition === UNKNOWN || found[0] === 'not_measured')
}

/** While a row's condition is not sure, several rows are possible: they must agree. */
function firstRow(rows, answers) {
  const possible = []
  let condition = FALSE
  for (let n = 0; n < rows.length && condition !== TRUE; n++) {
    condition = every(rows[n].when, answers)
    if (condition === FALSE) continue
    possible.push([VERDICT_OF[every(rows[n].must, answers)], n, condition])
  }
  if (condition !== TRUE) possible.push(['not_applicable', NO_ROW, TRUE])
  const [[first, row]] = possible
  if (possible.every(([verdict]) => verdict === first)) return [first, row]
  return undecided(possible.some(([verdict, , truth]) =>
    truth === UNKNOWN || verdict === 'not_measured'))
}

// Judges JSON lines: the first has the files, each further one is an observation with its building.
// node judge.mjs FOLDER < lines; FOLDER holds the module (field_schema/js or a spoilt copy of it).
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const { assess, edition, ruleset } = await import(pathToFileURL(resolve(process.argv[2], 'index.js')))

let rules = null
const out = []
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const value = JSON.parse(line)
  if (rules === null) {
    const editions = value.editions.map(([standard, ...files]) =>
      standard.requirements ? standard : edition(standard, ...files))
    rules = ruleset(value.profile, value.on, editions, value.forms)
    continue
  }
  const findings = assess(rules, value.building, value.element)
  const told = (f) => `${f.verdict} ${f.row ?? '-'} ${f.index ?? '-'} ${f.reason.code}`
  out.push(value.whole ? JSON.stringify(findings) : findings.map(told).join(';'))
}
process.stdout.write(out.join('\n') + '\n')

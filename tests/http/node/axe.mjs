// What axe finds on pages: WCAG 2.2 A and AA, and its best practices.
//
// node axe.mjs <folder with node_modules> < pages
//
// Pages are JSON: name -> HTML. What is printed is JSON: name -> rules that are broken, each with
// the elements. A DOM without a screen cannot tell contrast or the size of a target.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(pathToFileURL(`${process.argv[2]}/package.json`))
const { JSDOM } = require('jsdom')
const axe = require('axe-core').source
const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const rules = { 'color-contrast': { enabled: false }, 'target-size': { enabled: false } }

const found = {}
for (const [name, html] of Object.entries(JSON.parse(readFileSync(0, 'utf8')))) {
  const { window } = new JSDOM(html, { runScripts: 'outside-only', pretendToBeVisual: true })
  window.eval(axe)
  const { violations } = await window.axe.run(window.document, { runOnly, rules })
  found[name] = Object.fromEntries(
    violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]),
  )
}
process.stdout.write(JSON.stringify(found))

// Fills a form in @getodk/xforms-engine, the engine of ODK Web Forms, and prints what it saves.
//
// node fill.mjs <folder with node_modules> form.xml <folder with the lists> out.json < record
//
// A record is JSON: node -> answer, where a node inside repeats is followed by the number of the
// item of each, from 0: "ramp_width_mm/0"; under a repeat's own name stands how many items it has.
// A node after "again:" is answered once more when all is filled in, as whoever goes back does.
// What is written is JSON: `xml`, the names of its `files`, the types of questions that were `asked`,
// and the nodes whose constraints are `violated`.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [folder, formPath, listsFolder, outPath] = process.argv.slice(2)
const require = createRequire(pathToFileURL(`${folder}/package.json`))
const { JSDOM } = require('jsdom')
const { window } = new JSDOM('', { url: 'http://localhost/' })
for (const name of Object.getOwnPropertyNames(window)) {
  // What the engine takes for granted of a browser; node's own Blob, File and URL stay.
  if (!(name in globalThis) && /^[A-Z]|^(window|document|localStorage)$/.test(name)) {
    globalThis[name] = window[name]
  }
}
// Its parser was built for CommonJS, and finds these here.
Object.assign(globalThis, { require, __dirname: folder, __filename: `${folder}/engine.js` })
const engine = `${folder}/node_modules/@getodk/xforms-engine/dist/index.js`
const { loadForm } = await import(pathToFileURL(engine))

const record = JSON.parse(readFileSync(0, 'utf8'))
const form = await loadForm(readFileSync(formPath, 'utf8'), {
  fetchFormAttachment: async (address) => {
    const name = String(address).split('/').at(-1)
    return name.endsWith('.csv')
      ? new Response(readFileSync(`${listsFolder}/${name}`, 'utf8'), {
          headers: { 'content-type': 'text/csv' },
        })
      : new Response('', { status: 404 })
  },
  missingResourceBehavior: 'BLANK',
})
if (form.status === 'failure') throw form.error
const { root } = form.createInstance({ preloadProperties: { deviceID: 'node' } })

const keyOf = (node) => {
  const { reference } = node.currentState
  const numbers = [...reference.matchAll(/\[(\d+)\]/g)].map((found) => `/${found[1] - 1}`)
  return reference.replace(/\[\d+\]/g, '').split('/').at(-1) + numbers.join('')
}
const asked = new Set()
const answer = (node, said) => {
  asked.add(node.nodeType === 'input' ? node.valueType : node.nodeType)
  if (node.nodeType === 'select') node.selectValue(said)
  else if (node.nodeType === 'upload') {
    node.setValue(new File([`photo ${said}`], said, { type: 'image/jpeg' }))
  } else if (node.valueType === 'int') node.setValue(BigInt(said))
  else if (node.valueType === 'geopoint') {
    const [latitude, longitude, altitude, accuracy] = said.split(' ').map(Number)
    node.setValue({ latitude, longitude, altitude, accuracy })
  } else node.setValue(said)
}
const fill = (node) => {
  if (node.nodeType === 'repeat-range:uncontrolled') {
    const wanted = Number(record[keyOf(node)] ?? 0)
    const there = node.currentState.children.length
    if (wanted > there) node.addInstances(there - 1, wanted - there)
    else if (wanted < there) node.removeInstances(wanted, there - wanted)
  }
  const said = record[keyOf(node)]
  if (['input', 'select', 'upload'].includes(node.nodeType) && said !== undefined) {
    answer(node, said)
  }
  for (const child of node.currentState.children ?? []) fill(child)
}
fill(root)
const again = Object.entries(record).filter(([name]) => name.startsWith('again:'))
for (const [name, said] of again) record[name.slice('again:'.length)] = said
if (again.length) fill(root)
const payload = await root.prepareInstancePayload({ payloadType: 'monolithic' })
const [data] = payload.data
const files = [...data.values()].filter((file) => file.name !== 'xml_submission_file')
writeFileSync(
  outPath,
  JSON.stringify({
    xml: await data.get('xml_submission_file').text(),
    files: files.map((file) => file.name),
    asked: [...asked],
    violated: (payload.violations ?? [])
      .filter(({ violation }) => violation.condition === 'constraint')
      .map(({ reference }) => reference),
  }),
)
process.exit(0)

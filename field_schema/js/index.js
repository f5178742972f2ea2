/** What a tablet or a browser imports; `docs/evaluators.md` shows a run. */
export { assess } from './assess.js'
export { edition, ruleset } from './ruleset.js'

#!/usr/bin/env node
/*
 * Rules of the house that no linter knows: the size of app/, forms of English that comments must not take, and where methods of
 * nodes may be named.
 *
 * node scripts/check-house.mjs
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
/** Lines of configuration, start and registrations, tests left out. */
const MOST_APP_LINES = 1_500

/** Forms by what is wrong with them; each is looked for in comments alone. */
const BANNED = {
  'begins with “What” or “Who”: say what the thing is or does': /^(What|Who|Whose)\b/,
  'an account, a contract or a person is “it” or “they”': /\b([Hh]e|[Hh]im|[Hh]is)\b/,
  archaic: /\b(whoever|whomever|thereof|wherein|hitherto|for ever|at hand|anew|in vain)\b/i,
  'a person is notified, a finding is reported': /\b((is|are|was|were|be) told(?! apart)|told by)\b/,
  'one thing is next to another, or runs in parallel with it': /\bbeside\b/,
}

/** Names of JSON-RPC methods as a whole literal; a call of one besides. */
const METHOD = /(['"`])(?:eth|debug|trace|web3|net|anvil|evm)_\w+\1/g
const CALL = /\b(?:request|ask|asked)\(\s*['"`](?:eth|debug|trace|web3|net|anvil|evm)_\w*/g
/** Outside src/chain/ these files alone name methods: as configuration or for people, never to call them. */
const NAME_METHODS = new Set(
  [
    'model/config.ts',
    'model/containment.ts',
    'contain/sending/relays.ts',
    'contain/trials/sequence.ts',
    'respond/doctor/chain.ts',
    'respond/doctor/methods.ts',
    'respond/upkeep/reprobe.ts',
  ].map((name) => join('src', name)),
)

const sources = filesOf('src')
const commented = [...sources, ...filesOf('test'), ...filesOf('bench')]

const problems = [...appProblems(), ...sources.flatMap(methodProblems), ...commented.flatMap(commentProblems)]
for (const problem of problems.slice(0, 40)) process.stderr.write(`${problem}\n`)
if (problems.length > 40) process.stderr.write(`… ${problems.length - 40} more\n`)
process.stdout.write(problems.length === 0 ? 'the house is in order\n' : `${problems.length} problems\n`)
process.exitCode = problems.length === 0 ? 0 : 1

function filesOf(folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => join(root, folder, name))
    .sort()
}

function appProblems() {
  const lines = sources
    .filter((file) => relative(root, file).startsWith(join('src', 'app')) && !file.endsWith('.test.ts'))
    .reduce((sum, file) => sum + readFileSync(file, 'utf8').split('\n').length - 1, 0)
  return lines <= MOST_APP_LINES
    ? []
    : [`src/app has ${lines} lines; at most ${MOST_APP_LINES}: a feature belongs into a room or a workflow`]
}

/** Nodes are asked through src/chain/methods/ and src/chain/sandbox/ alone; tests may ask as they like. */
function methodProblems(file) {
  const name = relative(root, file)
  if (name.startsWith(join('src', 'chain', '/')) || name.endsWith('.test.ts')) return []
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, (comment) =>
    comment.replace(/[^\n]/g, ' '),
  )
  const form = NAME_METHODS.has(name) ? CALL : METHOD
  return [...text.matchAll(form)].map(({ index, 0: found }) => {
    const line = text.slice(0, index).split('\n').length
    return `${name}:${line}: ${found} outside src/chain: call a function of src/chain/methods or src/chain/sandbox`
  })
}

/** Comments of their own lines: what stands behind code on a line is not looked at. */
function commentProblems(file) {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.flatMap((line, index) => {
    const text = /^\s*(?:\/\*\*?|\*|\/\/)\s?(?!\/)(.*?)(?:\*\/)?$/.exec(line)?.[1]?.trim()
    if (text === undefined) return []
    const isFirst = !/^\s*\*/.test(line) || /^\s*\/\*\*?\s*$/.test(lines[index - 1] ?? '')
    return Object.entries(BANNED).flatMap(([why, form]) =>
      form.test(text) && (isFirst || !form.source.startsWith('^'))
        ? [`${relative(root, file)}:${index + 1}: ${why}: ${text.slice(0, 60)}`]
        : [],
    )
  })
}

/**
 * Rules that `cordon investigate --propose` makes from five real exploits and their protocols' past: whether one of
 * them flags the attack, and its number of alarms in the later half of the past, from which it learned nothing.
 *
 * npm run build && node dist/bench/proposals.js [--json]      (needs CORDON_CORPUS or ../shared/corpus)
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { investigateTransactions } from '../src/investigate/investigate.ts'
import type { Address, Hash } from '../src/model/hex.ts'

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })

type Label = { protocol: string; file: string; contracts: Address[]; primaryExploitTransaction: Hash }
const { protocols } = JSON.parse(readFileSync(join(corpus, 'histories.labels.json'), 'utf8')) as {
  protocols: Label[]
}

for (const { protocol, file, contracts, primaryExploitTransaction } of protocols) {
  const source = join(corpus, 'histories', file)
  const { proposals = [] } = await investigateTransactions({
    source,
    hashes: [primaryExploitTransaction],
    scope: { kind: 'contracts', addresses: new Set(contracts) },
    full: false,
    propose: { history: [source] },
  })
  const said = proposals.map(({ bounds, title, history }) => ({ bounds, title, ...history }))
  if (values.json) process.stdout.write(`${JSON.stringify({ protocol, proposals: said })}\n`)
  else {
    process.stdout.write(`${protocol}: ${said.length} proposals\n`)
    for (const { title, falseAlarms, judged, concerned, mostLikelyBelow } of said)
      process.stdout.write(
        `  ${falseAlarms} false alarms in ${judged} (below ${(100 * mostLikelyBelow).toFixed(2)} %), ${concerned} concerned: ${title}\n`,
      )
  }
}

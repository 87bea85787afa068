import { expect, test } from 'vitest'
import { address, block, call, pay } from '../../test/harness/build.ts'
import { blockFacts } from '../facts/facts.ts'
import { investigate } from '../forensics/investigate.ts'
import type { Investigation } from '../model/investigation.ts'
import { describeInvestigation } from './investigation-text.ts'

const [eve, tool, vault, token] = ['eve', 'tool', 'vault', 'token'].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]

function found(changes: Partial<Investigation> = {}): Investigation {
  const root = call(tool, {}, call(vault, {}, pay(token, { from: vault, to: tool, amount: 5n })))
  const facts = blockFacts(block({ transactions: [{ from: eve, root }] }))
  const suspects = facts.transactions.map((tx) => ({ facts, tx, findings: [], blind: [] }))
  const options = { suspects, protect: new Set<never>(), names: new Map(), functions: new Map(), full: false }
  return { ...investigate(options), ...changes }
}

const text = (investigation: Investigation): string =>
  describeInvestigation(investigation, { tree: false }).join('\n')

test('each actor stands with role, figure and reasons, and what else is at risk has its own section', () => {
  const { scope } = found()
  const shown = text(
    found({
      scope: {
        ...scope,
        siblings: [
          {
            address: eve,
            match: 'similar',
            similarity: 0.87,
            function: { selector: '0xaabbccdd', share: 1 },
          },
        ],
        approvals: [{ owner: eve, spender: vault, asset: token, amount: 9n, exposed: 4n }],
        exposure: [{ asset: token, amount: 4n, owners: 1 }],
        users: { count: 3, accounts: [] },
      },
    }),
  )
  expect(shown).toContain(`account  ${eve} attacker, 30 %`)
  expect(shown).toContain(`gained 5 of ${token}`)
  expect(shown).toContain(`${eve} has similar code (87 %); 100 % of 0xaabbccdd’s blocks`)
  expect(shown).toContain(
    `${eve} lets ${vault} take 9 base units of ${token}; there are 4 base units of ${token}`,
  )
  expect(shown).toContain('3 accounts used the weak contract')
  expect(text(found())).toContain('nothing else in the recorded data')
})

test('names that labels and lists bring are inert on a terminal', () => {
  const evil = 'Mixer\u001b[2J\u202e\n# heading'
  const [first, ...others] = found().actors
  if (first === undefined) throw new Error('nobody')
  const shown = text(found({ actors: [{ ...first, reasons: [`${evil} paid it 5`] }, ...others] }))
  expect(shown).not.toMatch(/[\u001b\u202e]/)
  expect(shown).not.toMatch(/^# heading/m)
})

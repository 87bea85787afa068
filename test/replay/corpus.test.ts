import { expect, test } from 'vitest'
import { createEngine, evaluateSettled } from '../../src/detect/engine/engine.ts'
import { detectors } from '../../src/detect/registry.ts'
import { blockFacts } from '../../src/facts/facts.ts'
import { alertsOf } from '../../src/incidents/alerts.ts'
import type { Alert } from '../../src/model/alert.ts'
import type { BlockBundle } from '../../src/model/block.ts'
import { isRightCategory } from '../../src/model/category.ts'
import type { Scope } from '../../src/model/detector.ts'
import { atLeast } from '../../src/model/finding.ts'
import { attackFile, attackLabels, bundlesOf, corpusFiles, describeCorpus } from '../harness/corpus.ts'

const everything: Scope = { kind: 'everything' }

async function alertsIn(path: string, scope: Scope): Promise<{ alerts: Alert[]; transactions: number }> {
  const engine = createEngine({ detectors, scope })
  const alerts: Alert[] = []
  let transactions = 0
  for (const bundle of await bundlesOf(path)) {
    transactions += bundle.transactions.length
    alerts.push(...alertsOf(evaluateSettled(engine, blockFacts(bundle))))
  }
  return { alerts, transactions }
}

const tagged = (tag: string) => attackLabels().filter(({ tags }) => tags.includes(tag))

describeCorpus('recorded attacks', () => {
  test('the corpus has five reentrancies and one price manipulation', () => {
    expect(tagged('reentrancy').map(({ id }) => id)).toEqual([
      'CreamFinance',
      'FeiProtocol',
      'HundredFinance',
      'Paraluni',
      'RevestFinance',
    ])
    expect(tagged('price manipulation').map(({ id }) => id)).toEqual(['OneRingFinance'])
  })

  test.each([
    ...tagged('reentrancy').map((label) => ({ label, id: label.id, category: 'reentrancy' })),
    ...tagged('price manipulation').map((label) => ({
      label,
      id: label.id,
      category: 'price-manipulation',
    })),
  ])('$id is flagged as $category, protected or not', async ({ label, category }) => {
    const vulnerable: Scope = { kind: 'contracts', addresses: new Set(label.vulnerableContracts) }
    for (const scope of [vulnerable, everything]) {
      const { alerts } = await alertsIn(attackFile(label.id), scope)
      const right = alerts.filter(
        ({ transactionHash, categories }) =>
          label.transactions.some((hash) => hash === transactionHash) && categories.includes(category),
      )
      expect(right).toHaveLength(label.transactions.length)
      if (scope.kind === 'contracts') {
        for (const alert of right)
          expect(label.vulnerableContracts.some((it) => alert.protected.includes(it))).toBe(true)
      }
    }
  })

  test('of eighteen attacks seventeen are flagged by the patterns with their contracts protected, all seventeen in the right category', async () => {
    const flagged = await verdicts((label) => ({
      kind: 'contracts',
      addresses: new Set(label.vulnerableContracts),
    }))
    expect(flagged.filter(({ alert }) => alert === undefined).map(({ id }) => id)).toEqual(['Superfluid'])
    expect(flagged.filter(({ right }) => !right).map(({ id }) => id)).toEqual(['Superfluid'])
  })

  test('which detector flags which attack, as their pages say', async () => {
    const flagged = new Map<string, string[]>()
    for (const { id, transactions, vulnerableContracts } of attackLabels()) {
      const { alerts } = await alertsIn(attackFile(id), {
        kind: 'contracts',
        addresses: new Set(vulnerableContracts),
      })
      const about = alerts.filter(({ transactionHash }) =>
        transactions.some((hash) => hash === transactionHash),
      )
      for (const detector of new Set(
        about.flatMap(({ findings }) => findings.map(({ detector }) => detector)),
      ))
        flagged.set(detector, [...(flagged.get(detector) ?? []), id])
    }
    expect(Object.fromEntries([...flagged].sort())).toEqual({
      'arbitrary-call': ['Furucombo', 'Multichain_Permit'],
      'bridge-forgery': ['PolyNetworkBridge'],
      'control-takeover': ['DAOMaker', 'PunkProtocol', 'Rikkei', 'Sandbox'],
      drain: [
        'Compound',
        'DAOMaker',
        'NomadBridge',
        'PolyNetworkBridge',
        'PunkProtocol',
        'RevestFinance',
        'Uranium',
      ],
      'perp-abuse': ['CreamFinance'],
      'price-manipulation': ['OneRingFinance'],
      'read-only-reentrancy': ['CreamFinance'],
      reentrancy: ['CreamFinance', 'FeiProtocol', 'HundredFinance', 'Paraluni', 'RevestFinance'],
      'unbacked-mint': ['Fantasm_Finance'],
    })
  })

  test.each(['protected', 'not protected'])(
    'on Parity traces, with the logs of receipts, each is told by the same detectors as loud: %s',
    async (which) => {
      for (const { id, vulnerableContracts } of attackLabels()) {
        const scope: Scope =
          which === 'protected' ? { kind: 'contracts', addresses: new Set(vulnerableContracts) } : everything
        const bundles = await bundlesOf(attackFile(id))
        expect([id, ...loudness(bundles.map(asParity), scope)]).toEqual([id, ...loudness(bundles, scope)])
      }
    },
  )

  test('with nothing protected seventeen are flagged', async () => {
    const flagged = await verdicts(() => everything)
    expect(flagged.filter(({ alert }) => alert === undefined).map(({ id }) => id)).toEqual(['Superfluid'])
  })
})

/** The same block as a Parity node tells it: no logs in frames, no storage. */
function asParity(bundle: BlockBundle): BlockBundle {
  const transactions = bundle.transactions.map((tx) => ({
    ...tx,
    frames: tx.frames.map(({ storage: _storage, ...frame }) => ({ ...frame, logs: [] })),
  }))
  return { ...bundle, transactions, coverage: { ...bundle.coverage, traces: 'parity', logs: 'receipts' } }
}

function loudness(bundles: readonly BlockBundle[], scope: Scope): string[] {
  const engine = createEngine({ detectors, scope })
  return bundles
    .flatMap((bundle) => alertsOf(evaluateSettled(engine, blockFacts(bundle))))
    .map(({ severity, findings }) => [severity, ...findings.map(({ detector }) => detector).sort()].join(' '))
}

type Label = ReturnType<typeof attackLabels>[number]

/** For each attack the alert about its transaction, at medium or above. */
async function verdicts(scopeFor: (label: Label) => Scope) {
  return Promise.all(
    attackLabels().map(async (label) => {
      const { alerts } = await alertsIn(attackFile(label.id), scopeFor(label))
      const alert = alerts.find(
        ({ transactionHash, severity }) =>
          label.transactions.some((hash) => hash === transactionHash) && atLeast(severity, 'medium'),
      )
      return { id: label.id, alert, right: isRightCategory(alert?.categories ?? [], label.tags) }
    }),
  )
}

/** Everything in scope: the hardest case, since every account that loses anything is a possible victim. */
describeCorpus('ordinary blocks', () => {
  test.each(['mev', 'blocks'])('nobody is paged for anything in %s', async (folder) => {
    let transactions = 0
    const loud: string[] = []
    const said: string[] = []
    for (const { name, path } of corpusFiles(folder, '.ndjson.gz')) {
      const found = await alertsIn(path, everything)
      transactions += found.transactions
      for (const alert of found.alerts) {
        said.push(`${name} ${alert.severity} ${alert.transactionHash}`)
        if (atLeast(alert.severity, 'high')) loud.push(`${name}: ${alert.message}`)
      }
    }
    expect(loud).toEqual([])
    // Recorded at medium, nobody is paged: two whole payouts of contracts that keep nothing, a claim, a burn.
    expect(said).toHaveLength(folder === 'mev' ? 3 : 1)
    expect(transactions).toBe(folder === 'mev' ? 2921 : 1458)
  })

  test('protocol histories with frames only are read, and no detector throws on what they lack', async () => {
    let transactions = 0
    for (const { path } of corpusFiles('histories', '.ndjson.gz'))
      transactions += (await alertsIn(path, everything)).transactions
    expect(transactions).toBe(3955)
  })
})

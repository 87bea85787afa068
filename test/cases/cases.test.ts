import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/app/config/load.ts'
import { openDetection, replay } from '../../src/backtest/replay.ts'
import { loadAddressLabels } from '../../src/files/address-labels.ts'
import { summaryOf } from '../../src/incidents/detection.ts'
import { investigateTransactions } from '../../src/investigate/investigate.ts'
import type { Investigation } from '../../src/model/investigation.ts'
import { importCacao } from '../../src/playbooks/cacao/import.ts'
import { parsePlaybook } from '../../src/playbooks/parse.ts'
import { reportOnInvestigation } from '../../src/reports/share/written-report.ts'
import { caseFile, describeCases } from '../harness/cases.ts'

const VAULT = '0xe6f0a1fbb43c89196dcfcbef85908f19ab4c5f7c'
const ROBBER = '0xe64ba38a4b958c72bc0d421150ba464636422485'
const ETH = 10n ** 18n

async function found(path: string, ...hashes: string[]): Promise<Investigation> {
  return investigateTransactions({
    source: caseFile(path),
    hashes,
    scope: { kind: 'everything' },
    full: false,
  })
}

async function replayed(path: string) {
  const detection = await openDetection({ kind: 'everything' })
  const lines = []
  for await (const line of replay([caseFile(path)], detection, () => undefined)) lines.push(line)
  return { lines, summary: summaryOf(detection) }
}

const lossesOf = ({ victims }: Investigation) =>
  victims.map(({ address, loss }) => [
    address,
    loss.map(({ asset, tokenId, amount }) => [asset, tokenId, amount]),
  ])
const changeOf = ({ balanceChanges }: Investigation, account: string) =>
  balanceChanges.filter((change) => change.account === account).map(({ asset, amount }) => [asset, amount])

/** Indicators of the STIX report: who is named as part of malicious activity. */
async function indicators(investigation: Investigation): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-case-'))
  try {
    const { file } = await reportOnInvestigation(investigation, join(folder, 'a.stix.json'))
    const { objects } = JSON.parse(await readFile(file, 'utf8')) as {
      objects: { type: string; name?: string }[]
    }
    return objects.flatMap(({ type, name }) => (type === 'indicator' ? [name] : [])).join('\n')
  } finally {
    await rm(folder, { recursive: true })
  }
}

describeCases('what nodes really send', () => {
  test('coin-mirrored-as-token: the vault loses 3 ETH, once; fees are not loot', async () => {
    const investigation = await found('coin-mirrored-as-token/zk.ndjson')
    expect(lossesOf(investigation)).toEqual([[VAULT, [['native', null, 3n * ETH]]]])
    expect(changeOf(investigation, ROBBER)).toEqual([['native', 3n * ETH]])
    expect(investigation.actors.filter(({ role }) => role === 'beneficiary')).toEqual([])
  })

  test('l2-deposit-mint: 10 ETH are issued; the sender has 0, the receiver 10 more', async () => {
    const investigation = await found('l2-deposit-mint/op.ndjson')
    expect(investigation.issued).toEqual([{ asset: 'native', tokenId: null, amount: 10n * ETH }])
    expect(investigation.balanceChanges).toMatchObject([{ account: VAULT, amount: 10n * ETH }])
  })

  test('frame-types: an INVALID frame with value is a system transfer, “Call” is a call', async () => {
    const arbitrum = await found('frame-types/arbitrum-INVALID.ndjson')
    expect(lossesOf(arbitrum)).toEqual([[VAULT, [['native', null, ETH]]]])
    expect(arbitrum.unexplained.join()).toMatch(/frame 1 is called INVALID/)
    expect(arbitrum.actors.filter(({ role }) => role === 'beneficiary')).toEqual([])
    expect(lossesOf(await found('frame-types/zksync-upper.ndjson'))).toEqual([
      [VAULT, [['native', null, 3n * ETH]]],
    ])
  })

  test('parity-order: out of order is as in order; a reward is left out by its type', async () => {
    const { transactions: _in, ...inOrder } = await found('parity-order/reth9142-inorder.ndjson')
    const { transactions: _out, ...outOfOrder } = await found('parity-order/reth9142-outoforder.ndjson')
    expect(outOfOrder).toEqual(inOrder)
    expect(changeOf(await found('parity-order/reth9142-outoforder.ndjson'), ROBBER)).toEqual([
      ['native', 6n * ETH],
    ])
    const rewarded = await found('parity-order/neth3128.ndjson')
    expect(rewarded.balanceChanges).toEqual([])
    expect(rewarded.transactions[0]?.frames).toBe(1)
  })

  test('receipts-dropped: the receipt’s log counts where the calls are missing, and that is said', async () => {
    const hash = '0x6815f6371218a1b039d080430f9f0a3c382df39a101e20d9b72e59948d822f1e'
    const mixed = await found('receipts-dropped/mixed.ndjson', hash)
    expect(lossesOf(mixed)).toEqual(lossesOf(await found('receipts-dropped/alone.ndjson')))
    expect(lossesOf(mixed)[0]?.[1]).toMatchObject([[expect.anything(), null, 5_000_000n * ETH]])
    expect(mixed.unexplained.join()).toMatch(/no calls were recorded/)
    const { summary } = await replayed('receipts-dropped/mixed.ndjson')
    expect(summary.blind).toContainEqual({ detector: 'drain', missing: 'traces', blocks: 1, transactions: 1 })
  })

  test.each([
    ['old20', [null, 5_000_000_000_000n]],
    ['ck', [1234n, 1n]],
  ])(
    'transfer-not-indexed: in %s the vault is the victim, and no indicator',
    async (name, [tokenId, amount]) => {
      const investigation = await found(`transfer-not-indexed/${name}.ndjson`)
      expect(lossesOf(investigation)).toEqual([[VAULT, [[expect.anything(), tokenId, amount]]]])
      expect(await indicators(investigation)).not.toContain(VAULT)
      expect(await indicators(investigation)).toContain(ROBBER)
    },
  )

  test('transfer-value-indexed: an EIP-20 amount, not an NFT', async () => {
    const investigation = await found('transfer-value-indexed/idxvalue.ndjson')
    expect(lossesOf(investigation)).toEqual([[VAULT, [[expect.anything(), null, 5_000_000_000_000n]]]])
    expect(investigation.assets).toMatchObject([{ decimals: 6 }])
  })

  test('signed-nft-loan: quiet', async () => {
    const { lines } = await replayed('signed-nft-loan/loan.ndjson')
    expect(lines).toEqual([])
  })

  test('labels-first-column-blank: the second line holds on every chain', async () => {
    const labels = await loadAddressLabels([caseFile('labels-first-column-blank/blankfirst.csv')])
    expect(labels.map(({ chainId, name }) => [chainId, name])).toEqual([
      [1, 'Binance'],
      [null, 'Binance'],
    ])
  })

  test('checksum-typo: a mistyped address is refused in the configuration and on the command line', async () => {
    const options = { cwd: '.', env: {}, file: caseFile('checksum-typo/cfg.json') }
    await expect(loadConfig(options)).rejects.toMatchObject({
      code: 'app.InvalidConfig',
      facts: { field: 'protect.0.address', problems: expect.stringMatching(/checksum/) },
    })
    const protect = ['0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046']
    await expect(loadConfig({ cwd: tmpdir(), env: {}, protect })).rejects.toMatchObject({
      code: 'app.InvalidAddress',
      facts: { expected: expect.stringMatching(/checksum/) },
    })
  })

  test('cacao-silent-loss: instructions, delay, agent, target and address are kept', async () => {
    const text = importCacao(await readFile(caseFile('cacao-silent-loss/b64.json'), 'utf8'))
    const { playbook } = parsePlaybook(text, 'b64.yaml')
    const said = JSON.stringify(playbook)
    for (const part of [
      '1. Revoke the old key.\\n2. Then issue a new one.',
      'Only after the multisig has confirmed',
      'Guardian on call',
      'Bridge operator',
      'https://example.org/runbook',
    ])
      expect(said).toContain(part)
    expect(playbook.steps).toMatchObject([{ wait: { for: '600000ms' } }, { task: { timeout: '3600s' } }])
  })
})

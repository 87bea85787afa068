import { expect, test } from 'vitest'
import { attackLabels, corpusFiles } from '../../../test/harness/corpus.ts'
import { readRecordedState, serveState } from '../../../test/harness/state-node.ts'
import { createRpc } from '../../chain/rpc/rpc.ts'
import { artifact, type ContractName } from '../../drills/artifacts.ts'
import type { Hex } from '../../model/hex.ts'
import { resolveCode, selectorsIn } from '../reading/code.ts'
import { kindsOf } from './protocol-kinds.ts'

test('the contracts of the drill are recognised by their functions', () => {
  const names: ContractName[] = ['OptionsVault', 'LendingMarket', 'EthReserve', 'TestToken', 'FlashLender']
  const kinds = names.map((name) => [
    name,
    kindsOf(selectorsIn(artifact(name).deployedBytecode as Hex)).join(),
  ])
  expect(Object.fromEntries(kinds)).toEqual({
    OptionsVault: 'option',
    LendingMarket: 'lending',
    EthReserve: 'vault',
    TestToken: 'token',
    FlashLender: 'other',
  })
})

const states = corpusFiles('state', '.state.json.gz')
test.skipIf(states.length === 0)('real protocols are recognised, through their proxies', async () => {
  const kinds: Record<string, string[]> = {}
  for (const { name, path } of states) {
    const label = attackLabels().find(({ id }) => id === name)
    if (label === undefined) continue
    const node = await serveState(readRecordedState(path), label.chainId)
    const rpc = createRpc({ urls: [node.url] })
    try {
      for (const contract of label.vulnerableContracts) {
        const { bytecode, selectors } = await resolveCode(rpc, contract, 'latest')
        if (bytecode !== '0x') kinds[name] = [...new Set([...(kinds[name] ?? []), ...kindsOf(selectors)])]
      }
    } finally {
      await rpc.close()
      await node.close()
    }
  }
  expect(kinds).toMatchInlineSnapshot(`
    {
      "Compound": [
        "lending",
      ],
      "CreamFinance": [
        "lending",
      ],
      "DAOMaker": [
        "other",
      ],
      "Fantasm_Finance": [
        "vault",
      ],
      "FeiProtocol": [
        "other",
      ],
      "Furucombo": [
        "other",
      ],
      "HundredFinance": [
        "lending",
      ],
      "Multichain_Permit": [
        "bridge",
        "exchange",
      ],
      "NomadBridge": [
        "bridge",
      ],
      "OneRingFinance": [
        "vault",
      ],
      "Paraluni": [
        "other",
      ],
      "PolyNetworkBridge": [
        "bridge",
      ],
      "PunkProtocol": [
        "vault",
      ],
      "RevestFinance": [
        "other",
      ],
      "Rikkei": [
        "other",
      ],
      "Sandbox": [
        "other",
      ],
      "Superfluid": [
        "other",
      ],
      "Uranium": [
        "exchange",
      ],
    }
  `)
})

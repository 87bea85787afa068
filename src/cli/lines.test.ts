import { expect, test } from 'vitest'
import { aFinding } from '../../test/harness/builders.ts'
import { listedLexicon } from '../names/listed-lexicon.ts'
import { describeLine } from './lines.ts'

const VAULT = '0x00000000000000000000000000000000000000aa'

test('a finding tells amounts with symbol and scale, and contracts of the configuration by name', async () => {
  const lexicon = await listedLexicon({ protect: [{ address: VAULT, name: 'Vault' }] }, 1)
  const message = `9000000000000000000 of native left ${VAULT} by 0x8456cb59.`
  const lines = describeLine({ ...aFinding({ message }), type: 'finding' }, lexicon)
  expect(lines[1]?.trim()).toBe('9 ETH left Vault by pause().')
})

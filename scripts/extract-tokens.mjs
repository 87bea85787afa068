// Writes tokens/sushi.json (symbols and decimals of well-known tokens) and tokens/native.json (the coin of each chain), in the token-list
// format, from npm packages: npm install --no-save @sushiswap/default-token-list@43.3.0 && node scripts/extract-tokens.mjs
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as chains from 'viem/chains'

const require = createRequire(import.meta.url)
const version = (name) => JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')).version
const out = (name, list) => {
  const tokens = list.tokens.map((token) => `    ${JSON.stringify(token)}`).join(',\n')
  writeFileSync(
    new URL(`../tokens/${name}.json`, import.meta.url),
    `{\n  "name": ${JSON.stringify(list.name)},\n  "tokens": [\n${tokens}\n  ]\n}\n`,
  )
}
const byPlace = (a, b) => a.chainId - b.chainId || (a.address < b.address ? -1 : 1)

const list = JSON.parse(
  readFileSync(
    require.resolve('@sushiswap/default-token-list/build/sushiswap-default.tokenlist.json'),
    'utf8',
  ),
)
out('sushi', {
  name: `npm @sushiswap/default-token-list ${version('@sushiswap/default-token-list')}, MIT`,
  tokens: list.tokens
    .map(({ chainId, address, symbol, decimals }) => ({
      chainId,
      address: address.toLowerCase(),
      symbol,
      decimals,
    }))
    .sort(byPlace),
})

const coins = new Map(
  Object.values(chains)
    .filter(
      ({ id, testnet, nativeCurrency }) =>
        id !== undefined && testnet !== true && nativeCurrency !== undefined,
    )
    .map(({ id, nativeCurrency: { symbol, decimals } }) => [
      id,
      { chainId: id, address: 'native', symbol, decimals },
    ]),
)
// Tron's and like chains count their coin otherwise than the EVM does.
out('native', {
  name: `npm viem ${version('viem')}, viem/chains`,
  tokens: [...coins.values()].filter(({ decimals }) => decimals === 18).sort(byPlace),
})

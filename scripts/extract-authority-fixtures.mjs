// Takes the contracts that Cordon pulls levers through (Safe, Zodiac Roles, AccessManager, TimelockController) out of their npm
// packages: `npm pack`, then one small file a contract below test/fixtures/levers/ with its package, version and licence.
// Run it again after a change here: node scripts/extract-authority-fixtures.mjs
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const outDir = fileURLToPath(new URL('../test/fixtures/levers', import.meta.url))

const packages = [
  {
    name: '@safe-global/safe-contracts',
    version: '1.4.1',
    artifacts: ['contracts/Safe.sol/Safe', 'contracts/proxies/SafeProxyFactory.sol/SafeProxyFactory'],
  },
  {
    name: '@gnosis.pm/safe-contracts',
    version: '1.3.0',
    artifacts: [
      'contracts/GnosisSafe.sol/GnosisSafe',
      'contracts/proxies/GnosisSafeProxyFactory.sol/GnosisSafeProxyFactory',
    ],
  },
  {
    name: '@openzeppelin/contracts',
    version: '5.7.0',
    artifacts: ['AccessManager', 'TimelockController'],
  },
  {
    name: 'zodiac-roles-sdk',
    version: '3.4.8',
    // The package publishes its typechain factories only inside a source map.
    factories: ['Roles', 'Integrity', 'packers/Packer'],
  },
  // The ERC-2470 factory, under which a Roles modifier keeps its conditions: a transaction that anybody may send anywhere.
  { name: '@gnosis-guild/zodiac-core', version: '4.1.0', raw: 'SingletonFactory' },
]

for (const each of packages) extract(each)

function extract({ name, version, artifacts = [], factories = [], raw }) {
  const work = mkdtempSync(join(tmpdir(), 'authority-fixtures-'))
  try {
    execFileSync('npm', ['pack', `${name}@${version}`, '--silent'], { cwd: work })
    const packed = readdirSync(work).find((file) => file.endsWith('.tgz'))
    execFileSync('tar', ['xzf', packed], { cwd: work })
    const root = join(work, 'package')
    const { license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const folder = join(outDir, ...name.replace('@', '').split('/'))
    mkdirSync(folder, { recursive: true })
    const from = { package: name, version, license }
    for (const artifact of artifacts) {
      const path = name.startsWith('@openzeppelin')
        ? `build/contracts/${artifact}.json`
        : `build/artifacts/${artifact}.json`
      const document = JSON.parse(readFileSync(join(root, path), 'utf8'))
      write(folder, basename(path, '.json'), { ...from, path, ...published(document) })
    }
    for (const factory of factories) write(folder, basename(factory), { ...from, ...fromMap(root, factory) })
    if (raw !== undefined) write(folder, raw, { ...from, ...rawTransaction(root) })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** ERC-2470's own transaction, which has no chain and a signature of nobody's key. */
function rawTransaction(root) {
  const files = readdirSync(join(root, 'dist/esm'), { recursive: true }).filter((file) =>
    file.endsWith('.js'),
  )
  for (const path of files.map((file) => join('dist/esm', file))) {
    const [raw] = /0xf9016c8085174876e800[0-9a-f]+/.exec(readFileSync(join(root, path), 'utf8')) ?? []
    if (raw !== undefined) return { path, rawTransaction: raw }
  }
  throw new Error('the package no longer has the factory’s transaction')
}

function published({ abi, bytecode, linkReferences = {} }) {
  return {
    // Calls are written by their signature; only a constructor needs its ABI.
    abi: abi.filter(({ type }) => type === 'constructor'),
    bytecode: bytecode.startsWith('0x') ? bytecode : `0x${bytecode}`,
    links: Object.values(linkReferences).flatMap((libraries) =>
      Object.entries(libraries).map(([library, places]) => ({
        library,
        starts: places.map(({ start }) => start),
      })),
    ),
  }
}

/** A library is `__$keccak$__` in the code; the factory says beside it which. */
function fromMap(root, factory) {
  const file = readdirSync(join(root, 'build')).find((name) => /^typechain-.*\.js\.map$/.test(name))
  const map = JSON.parse(readFileSync(join(root, 'build', file), 'utf8'))
  const path = `factories/contracts/${factory}__factory.ts`
  const at = map.sources.findIndex((source) => source.endsWith(path))
  const source = map.sourcesContent[at]
  const bytecode = /const _bytecode =\s*"(0x[^"]+)"/.exec(source)[1]
  const libraries = new Map(
    [...source.matchAll(/__\\\\\$([0-9a-f]{34})\\\\\$__[\s\S]*?linkLibraryAddresses\["[^"]*:(\w+)"\]/g)].map(
      ([, hash, library]) => [hash, library],
    ),
  )
  const starts = new Map()
  for (const { 1: hash, index } of bytecode.matchAll(/__\$([0-9a-f]{34})\$__/g)) {
    const library = libraries.get(hash)
    if (library === undefined) throw new Error(`no library is named for ${hash}`)
    starts.set(library, [...(starts.get(library) ?? []), (index - 2) / 2])
  }
  const abi = JSON.parse(
    /const _abi = (\[[\s\S]*?\n\]) as const/
      .exec(source)[1]
      .replace(/,(\s*[\]}])/g, '$1')
      .replace(/(\w+):/g, '"$1":'),
  )
  return {
    path: `build/${file}: ${path}`,
    abi: abi.filter(({ type }) => type === 'constructor'),
    bytecode,
    links: [...starts].map(([library, places]) => ({ library, starts: places })),
  }
}

function write(folder, name, artifact) {
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(artifact)}\n`)
}

// Compiles contracts/**/*.sol to contracts/out/<Name>.json {abi, bytecode, deployedBytecode} and puts
// Uniswap v2's published factory and pair beside them; the contracts of examples likewise, each to its own out/.
// A hit in the cache never loads solc (40 MB of asm.js).
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const script = fileURLToPath(import.meta.url)
const root = join(script, '..', '..')
const projects = [
  { contracts: 'contracts', out: 'contracts/out', published: ['UniswapV2Factory', 'UniswapV2Pair'] },
  { contracts: 'examples/own-protocol/contracts', out: 'examples/own-protocol/out', published: [] },
]

// A packed Cordon has no examples.
for (const project of projects) if (existsSync(join(root, project.contracts))) build(project)

function build({ contracts, out, published }) {
  const outDir = join(root, out)
  const hashFile = join(outDir, '.hash')
  const sources = readSources(join(root, contracts))
  const hash = hashOf(sources)
  if (existsSync(hashFile) && readFileSync(hashFile, 'utf8') === hash) return
  const artifacts = [...compile(sources, contracts), ...published.map(publishedArtifact)]
  mkdirSync(outDir, { recursive: true })
  for (const [name, artifact] of artifacts)
    replaceFile(join(outDir, `${name}.json`), JSON.stringify(artifact))
  removeStale(outDir, new Set(artifacts.map(([name]) => `${name}.json`)))
  // Written last: a run that was killed half-way leaves no valid cache.
  replaceFile(hashFile, hash)
}

function readSources(contractsDir) {
  return readdirSync(contractsDir, { recursive: true })
    .map((path) => String(path))
    .filter((path) => path.endsWith('.sol') && !path.startsWith(`out${sep}`))
    .sort()
    .map((path) => [path.split(sep).join('/'), readFileSync(join(contractsDir, path), 'utf8')])
}

function hashOf(files) {
  const version = (name) => JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')).version
  const digest = createHash('sha256')
  digest.update(readFileSync(script))
  digest.update(JSON.stringify([version('solc'), version('@uniswap/v2-core'), files]))
  return digest.digest('hex')
}

/** Renamed into place, so that a test that reads while we write sees the old file or the new one. */
function replaceFile(path, text) {
  writeFileSync(`${path}.${process.pid}`, text)
  renameSync(`${path}.${process.pid}`, path)
}

function removeStale(outDir, names) {
  for (const name of readdirSync(outDir)) {
    if (name.endsWith('.json') && !names.has(name)) rmSync(join(outDir, name))
  }
}

function compile(files, folder) {
  const solc = require('solc')
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(files.map(([path, content]) => [path, { content }])),
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: 'cancun',
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input)))
  const messages = output.errors ?? []
  const errors = messages.filter((message) => message.severity === 'error')
  if (errors.length > 0) fail(errors, folder)
  for (const warning of messages) process.stderr.write(warning.formattedMessage)
  return Object.values(output.contracts)
    .flatMap((inFile) => Object.entries(inFile))
    .filter(([, contract]) => contract.evm.bytecode.object !== '') // interfaces and abstract contracts
    .map(([name, contract]) => [name, artifactOf(contract)])
}

function publishedArtifact(name) {
  return [name, artifactOf(require(`@uniswap/v2-core/build/${name}.json`))]
}

function artifactOf({ abi, evm }) {
  return { abi, bytecode: `0x${evm.bytecode.object}`, deployedBytecode: `0x${evm.deployedBytecode.object}` }
}

function fail(errors, folder) {
  process.stderr.write(`${folder} does not compile: ${errors.length} error(s).\n\n`)
  for (const error of errors) process.stderr.write(`${error.formattedMessage}\n`)
  process.exit(1)
}

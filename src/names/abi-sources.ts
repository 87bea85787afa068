import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { type Abi, parseAbi } from '../forensics/decode/abi.ts'
import type { SourceFile } from '../forensics/decode/source-line.ts'
import { parseLayout, type StorageLayout } from '../forensics/storage/layout.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { hasRightChecksum, wrongChecksum } from '../model/given-address.ts'
import { type Address, addressSchema } from '../model/hex.ts'

/** The data of one contract in a file; `address` and `chainId` where the path or the caller gives them. */
export type AbiSource = {
  address: Address | null
  chainId: number | null
  abi: Abi
  layout: StorageLayout | null
  /** Its source, starting with the main file of the compilation; empty where the file does not contain it. */
  sources: readonly SourceFile[]
}

const MOST_FILES = 10_000
const MOST_SOURCES = 1_000
const MOST_BYTES = 64 * 2 ** 20
/** Sourcify's folders: `[full_match/]<chainId>/<address>/metadata.json`. */
const SOURCIFY = /(?:^|[\\/])(\d{1,12})[\\/](0x[0-9a-fA-F]{40})[\\/]metadata\.json$/

/**
 * ABIs of files and folders: JSON ABIs, Hardhat and Foundry artifacts, compiler output, Sourcify-style metadata
 * folders. `ADDRESS=PATH` assigns it to a contract. In a folder, files without an ABI are skipped. Throws
 * `app.InvalidAbi`.
 */
export async function readAbis(paths: readonly string[]): Promise<AbiSource[]> {
  const sources: AbiSource[] = []
  for (const given of paths) {
    const { address, path } = placeOf(given)
    for (const file of await filesAt(path)) {
      const json = await readJson(file, path)
      const found = contractsIn(json)
      const beside = found.length > 0 && SOURCIFY.test(file) ? await sourcesBeside(file) : []
      if (found.length === 0 && file === path) throw invalidAbi(path, 'no ABI in it')
      sources.push(...found.map((contract) => sourceOf(contract, { file, address, beside })))
    }
  }
  return sources
}

function placeOf(given: string): { address: Address | null; path: string } {
  const [before = '', ...rest] = given.split('=')
  const isAddress = rest.length > 0 && addressSchema.safeParse(before).success
  if (isAddress && !hasRightChecksum(before)) throw invalidAbi(before, wrongChecksum(before))
  const parsed = addressSchema.safeParse(before)
  return parsed.success && rest.length > 0
    ? { address: parsed.data, path: rest.join('=') }
    : { address: null, path: given }
}

type Contract = { abi: readonly unknown[]; layout: unknown; target: string | null; sources: SourceFile[] }
type Found = { file: string; address: Address | null; beside: SourceFile[] }

function sourceOf({ abi, layout, target, sources }: Contract, { file, address, beside }: Found): AbiSource {
  const match = SOURCIFY.exec(file)
  const fromPath = match === null ? null : addressSchema.parse(match[2])
  return {
    address: address ?? fromPath,
    chainId: match === null || address !== null ? null : Number(match[1]),
    abi: parseAbi(abi),
    layout: parseLayout(layout) ?? null,
    sources: targetFirst(sources.length > 0 ? sources : beside, target),
  }
}

function targetFirst(sources: readonly SourceFile[], target: string | null): SourceFile[] {
  const isTarget = ({ path }: SourceFile): boolean => target !== null && path.endsWith(target)
  return [...sources.filter(isTarget), ...sources.filter((source) => !isTarget(source))]
}

/** Sourcify keeps sources in a folder next to the metadata. */
async function sourcesBeside(metadata: string): Promise<SourceFile[]> {
  const folder = join(dirname(metadata), 'sources')
  const names = await readdir(folder, { recursive: true, encoding: 'utf8' }).catch(() => [])
  const files = names
    .filter((name) => /\.(sol|vy)$/.test(name))
    .sort()
    .slice(0, MOST_SOURCES)
  return Promise.all(
    files.map(async (path) => ({
      path,
      content: await readFile(join(folder, path), 'utf8').catch(() => ''),
    })),
  )
}

async function filesAt(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const files = await readdir(path, { recursive: true, encoding: 'utf8' })
    return files
      .filter((file) => file.endsWith('.json') && !file.split(sep).includes('node_modules'))
      .sort()
      .slice(0, MOST_FILES)
      .map((file) => join(path, file))
  } catch (cause) {
    throw invalidAbi(path, messageOf(cause), cause)
  }
}

/** Undefined for a file of a folder that is not JSON; a file that was named itself must be JSON. */
async function readJson(file: string, named: string): Promise<unknown> {
  try {
    if ((await stat(file)).size > MOST_BYTES) throw invalidAbi(file, `larger than ${MOST_BYTES} bytes`)
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    if (file === named) throw cause instanceof CordonError ? cause : invalidAbi(file, messageOf(cause), cause)
    return undefined
  }
}

/** Every contract of a JSON file, in any of the known shapes. */
function contractsIn(json: unknown): Contract[] {
  const none = { layout: null, target: null, sources: [] }
  if (Array.isArray(json)) return json.some(isEntry) || json.length === 0 ? [{ ...none, abi: json }] : []
  const abi = field(json, 'abi')
  if (Array.isArray(abi)) return [{ ...none, abi, layout: field(json, 'storageLayout') }]
  const output = field(json, 'output')
  const ofMetadata = field(output, 'abi')
  if (Array.isArray(ofMetadata)) {
    const target = Object.keys(field(field(json, 'settings'), 'compilationTarget') ?? {})[0] ?? null
    return [{ ...none, abi: ofMetadata, layout: field(json, 'storageLayout'), target }]
  }
  // compiler output, or a build with its input next to it
  const sources = sourcesIn(field(field(json, 'input'), 'sources'))
  const files = field(json, 'contracts') ?? field(output, 'contracts')
  return entriesOf(files).flatMap(([target, file]) =>
    entriesOf(file).flatMap(([, contract]) => {
      const inner = field(contract, 'abi')
      const layout = field(contract, 'storageLayout')
      return Array.isArray(inner) ? [{ abi: inner, layout, target, sources }] : []
    }),
  )
}

function sourcesIn(value: unknown): SourceFile[] {
  return entriesOf(value)
    .slice(0, MOST_SOURCES)
    .flatMap(([path, source]) => {
      const content = field(source, 'content')
      return typeof content === 'string' ? [{ path, content }] : []
    })
}

function isEntry(value: unknown): boolean {
  return typeof field(value, 'type') === 'string' || typeof field(value, 'name') === 'string'
}

function field(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : []
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalidAbi(path: string, reason: string, cause?: unknown): CordonError {
  return new CordonError({
    code: 'app.InvalidAbi',
    message: 'An ABI could not be read.',
    facts: { path, reason },
    fix: 'Give --abi a JSON ABI, a Hardhat or Foundry artifact, or a folder of metadata; 0xADDRESS=PATH names the contract.',
    cause,
  })
}

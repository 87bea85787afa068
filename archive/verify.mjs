#!/usr/bin/env node
// Checks an evidence archive of Cordon offline: node verify.mjs [FOLDER] [--head HASH]. Node 18 or newer, no dependencies.
// Exit code 0: all holds. 1: something does not, and what. Take this script from where you trust it, not from the archive.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const GENESIS = '0'.repeat(64)
const faults = []
const fault = (text) => faults.push(text)
const sha256 = (data) => createHash('sha256').update(data).digest('hex')

/** Keys sorted, no white space: the text that Cordon hashes. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item)).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`
}

function filesIn(folder, root = folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesIn(path, root)
    return [relative(root, path).split(sep).join('/')]
  })
}

/** Every file is listed, every listed file is there and has its size and hash. Gives what was read, by path. */
function checkFiles(folder, manifest) {
  const { sha256: own, ...rest } = manifest
  if (sha256(canonical(rest)) !== own) fault('manifest.json: its own hash does not fit')
  const listed = new Map(manifest.files.map((file) => [file.path, file]))
  if (listed.size !== manifest.files.length) fault('manifest.json: a file is listed twice')
  const read = new Map()
  for (const path of filesIn(folder)) {
    if (path !== 'manifest.json' && !listed.has(path)) fault(`${path}: is not listed in manifest.json`)
  }
  for (const { path, size, sha256: hash } of listed.values()) {
    if (!resolve(folder, path).startsWith(resolve(folder) + sep)) {
      fault(`${path}: leaves the folder`)
      continue
    }
    try {
      const bytes = readFileSync(join(folder, path))
      read.set(path, bytes)
      if (bytes.length !== size) fault(`${path}: has ${bytes.length} bytes, not ${size}`)
      if (sha256(bytes) !== hash) fault(`${path}: is not what it was (SHA-256 differs)`)
    } catch {
      fault(`${path}: is missing`)
    }
  }
  return read
}

/** Links follow one another, and those that are shown have the hash that they say. Gives links by sequence. */
function checkLedger(text, { chain, incidentId }, head) {
  const links = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  let previous = GENESIS
  for (const [index, link] of links.entries()) {
    const at = `ledger.ndjson: link ${index + 1}`
    const { hash, bodySha256, redacted, ...rest } = link
    if (link.sequence !== index + 1) fault(`${at} says it is number ${link.sequence}`)
    if (link.incidentId !== incidentId) fault(`${at} belongs to another incident`)
    if (link.previous !== previous) fault(`${at} does not follow the link before it`)
    if (redacted !== true && sha256(canonical(rest)) !== hash) fault(`${at}: content and hash disagree`)
    if (redacted === true && 'body' in link) fault(`${at} says that it is redacted, and is not`)
    previous = hash
  }
  if (links.length !== chain.count) fault(`ledger.ndjson: has ${links.length} links, not ${chain.count}`)
  const hidden = links.filter(({ redacted }) => redacted === true).length
  if (hidden !== chain.redacted) fault(`ledger.ndjson: has ${hidden} redacted links, not ${chain.redacted}`)
  if (previous !== chain.head) fault('ledger.ndjson: ends with another head than manifest.json says')
  if (head !== undefined && previous !== head)
    fault(`ledger.ndjson: ends with ${previous}, not with the head given`)
  if (!chain.ok) fault('manifest.json: the chain was broken already when this was exported')
  return new Map(links.map((link) => [link.sequence, link]))
}

/** What the ledger says of a file is true: its hash is named in the link, or it is the body of the link. */
function checkOrigins(manifest, read, links) {
  for (const { path, sequence } of manifest.files) {
    const link = sequence === null ? undefined : links.get(sequence)
    if (sequence === null || !read.has(path) || link?.redacted === true) continue
    const hash = sha256(read.get(path))
    const named = [link?.body?.sha256, ...(link?.body?.files ?? []).map((file) => file.sha256)]
    if (link === undefined) fault(`${path}: there is no link ${sequence}`)
    else if (!named.includes(hash) && sha256(canonical(link.body)) !== hash)
      fault(`${path}: link ${sequence} of the ledger says otherwise`)
  }
}

const given = process.argv.slice(2)
const headAt = given.indexOf('--head')
const head = headAt < 0 ? undefined : given.splice(headAt, 2)[1]?.toLowerCase()
const folder = resolve(given[0] ?? dirname(fileURLToPath(import.meta.url)))
let said = ''
try {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
  const read = checkFiles(folder, manifest)
  if (manifest.chain !== null) {
    const links = checkLedger(String(read.get('ledger.ndjson') ?? ''), manifest, head)
    checkOrigins(manifest, read, links)
    said = `, ${manifest.chain.count} links (${manifest.chain.redacted} redacted), head ${manifest.chain.head}`
  }
  said = `${manifest.files.length} files${said}, TLP:${manifest.tlp}`
  if (head === undefined && manifest.chain !== null)
    said += '\nNo --head was given: a ledger whose end was cut off and listed anew would not be noticed.'
} catch (thrown) {
  fault(`cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`)
}
for (const text of faults) process.stdout.write(`BROKEN  ${text.replace(/[^\x20-\x7e]/g, '?')}\n`)
if (faults.length === 0) process.stdout.write(`Holds: ${said.replace(/[^\x20-\x7e\n]/g, '?')}\n`)
process.exitCode = faults.length === 0 ? 0 : 1

import { readFile } from 'node:fs/promises'
import { loadAddressLabels } from '../../files/address-labels.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Config } from '../../model/config.ts'
import { addressOf } from '../../model/given-address.ts'
import type { Address } from '../../model/hex.ts'
import type { BeyondOptions } from './beyond.ts'
import { knownCodeOf, readKnownCode } from './known-code.ts'

export type GivenBeyond = {
  /** Addresses separated by commas, or a file with one per line. */
  addresses?: string | undefined
  around?: number | undefined
  /** Files and folders of known attackers’ code. */
  known?: readonly string[] | undefined
  labels?: readonly string[] | undefined
  incidents?: BeyondOptions['incidents']
}

/**
 * The inputs of an investigation besides its transactions: the given ones, and from a configuration the watched
 * contracts, the labels and the code that `preparation` knows. Throws `app.InvalidList`, `app.InvalidAddress`,
 * `app.InvalidKnownCode`, `app.InvalidAddressLabels`.
 */
export async function beyondOptions(
  config: Pick<Config, 'protect' | 'labels' | 'detectors'> | undefined,
  { addresses, around, known, labels, incidents = [] }: GivenBeyond,
): Promise<BeyondOptions> {
  const given = addresses === undefined ? [] : await addressesIn(addresses)
  const watched = config?.protect.map(({ address }) => address) ?? []
  const isAsked = addresses !== undefined || watched.length > 0
  const [listed, configured] = await Promise.all([
    readKnownCode(known ?? []),
    knownCodeOf(config?.detectors['preparation']),
  ])
  return {
    around,
    ...(isAsked ? { addresses: [...new Set([...given, ...watched])] } : {}),
    knownCode: [...listed, ...configured],
    labels: await loadAddressLabels(labels ?? config?.labels),
    incidents,
  }
}

async function addressesIn(text: string): Promise<Address[]> {
  const isList = /^\s*0x[0-9a-fA-F]{40}\s*(,|$)/.test(text)
  const lines = isList ? text.split(',') : (await readList(text)).split('\n')
  return lines
    .map((line) => (line.split('#')[0] ?? '').trim())
    .filter((line) => line !== '')
    .map(addressOf)
}

async function readList(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CordonError({
      code: 'app.InvalidList',
      message: `The list ${path} cannot be used: ${messageOf(cause)}`,
      facts: { path, reason: messageOf(cause) },
      fix: 'Check the path (relative to the working directory); write one address in each line, and comments after #.',
      cause,
    })
  }
}

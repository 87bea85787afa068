import type { Frame } from '../../model/block.ts'
import type { DecodedRecord } from '../../model/investigation.ts'
import type { Decoded, Decoder } from './decoder.ts'
import { type RenderOptions, recordArguments } from './render.ts'

const MOST = 5_000

/** Values are cut at a length that a person would not read beyond; lists are counted. */
const RENDER: RenderOptions = { nameOf: (address) => address, most: { characters: 1_000, elements: 64 } }

/** Calls, errors and logs of frames that could be decoded, in order of execution; the first 5,000. */
export function decodedCalls(frames: readonly Frame[], decoder: Decoder): DecodedRecord[] {
  const records: DecodedRecord[] = []
  for (const frame of frames) {
    if (records.length >= MOST) break
    const called = decoder.call(frame)
    if (called !== undefined) {
      const returned = decoder.returned(frame)
      records.push({
        ...recordOf(called, { frame: frame.index, kind: 'call', address: frame.to }),
        ...(returned === undefined ? {} : { returned: recordArguments(returned, RENDER) }),
      })
    }
    for (const log of frame.logs) {
      const emitted = decoder.log(log)
      if (emitted !== undefined)
        records.push(recordOf(emitted, { frame: frame.index, kind: 'log', address: log.address }))
    }
    const error = decoder.error(frame)
    if (error !== undefined)
      records.push(recordOf(error, { frame: frame.index, kind: 'error', address: frame.to }))
  }
  return records.slice(0, MOST)
}

function recordOf(decoded: Decoded, place: Pick<DecodedRecord, 'frame' | 'kind' | 'address'>): DecodedRecord {
  const { source, signature, arguments: values } = decoded
  return { ...place, source, signature, arguments: values === null ? null : recordArguments(values, RENDER) }
}

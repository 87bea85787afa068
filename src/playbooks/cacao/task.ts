import { textOf } from './fields.ts'
import { refused } from './refused.ts'
import type { CacaoStep } from './schema.ts'

type Draft = Record<string, unknown>
type Action = Extract<CacaoStep, { type: 'action' }>

const LONGEST_INSTRUCTIONS = 4_000
const LONGEST_TITLE = 200
/** Six digits at most, in seconds. */
const LONGEST_MS = 999_999_000

/** A task for people, if every command is one for people; `notes` is the other content of the step. */
export function taskFrom(id: string, step: Action, notes: readonly string[]): Draft {
  const foreign = step.commands.find(({ type }) => type !== 'manual')
  if (foreign) throw refused(`${id}: commands of type ${foreign.type} are not carried out here`)
  const { name = 'Task', timeout } = step
  const commands = step.commands.map((command) => commandText(id, command)).filter((text) => text !== '')
  const title = name.slice(0, LONGEST_TITLE)
  const lines = [...(title === name ? [] : [name]), ...commands, ...notes]
  const instructions = lines.length === 0 ? 'See the title.' : lines.join('\n')
  if (instructions.length > LONGEST_INSTRUCTIONS)
    throw refused(`${id}: its instructions are longer than ${LONGEST_INSTRUCTIONS} characters`)
  return {
    task: {
      title,
      instructions,
      roles: ['operations'],
      timeout: timeout === undefined ? '1d' : durationOf(timeout, `${id}: timeout`),
    },
  }
}

/** A manual command as text: the instruction, then its other content. */
function commandText(id: string, command: Action['commands'][number]): string {
  const { type: _, command: plain, command_b64: encoded, ...rest } = command
  const decoded = encoded === undefined ? undefined : decode(id, encoded)
  if (plain !== undefined && decoded !== undefined && plain !== decoded)
    throw refused(`${id}: command and command_b64 say different things`)
  const more = Object.entries(rest).map(([name, value]) => `${name}: ${textOf(value)}`)
  return [plain ?? decoded ?? '', ...more].filter((line) => line !== '').join('\n')
}

/** Text from base64 (RFC 4648, with or without padding and line breaks). Throws `playbooks.CacaoRefused`. */
function decode(id: string, encoded: unknown): string {
  const compact = typeof encoded === 'string' ? encoded.replaceAll(/\s/g, '') : ''
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(compact)) throw refused(`${id}: command_b64 is not base64`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(compact, 'base64'))
  } catch {
    throw refused(`${id}: command_b64 is not text`)
  }
}

/** Milliseconds as a Cordon duration. Throws `playbooks.CacaoRefused` for none and for more than fits. */
export function durationOf(ms: number, place: string): string {
  if (ms < 1 || ms > LONGEST_MS) throw refused(`${place} of ${ms} ms is not between 1 and ${LONGEST_MS}`)
  return ms > 999_999 ? `${Math.ceil(ms / 1_000)}s` : `${ms}ms`
}

import { redact, redactFacts } from './redact.ts'

export type CordonErrorOptions = {
  /** `room.Name`, for example `contain.SimulationReverted`. */
  code: string
  /** The failure, in one sentence. */
  message: string
  /** The observed values: plain JSON. Secrets are redacted here. */
  facts?: Record<string, unknown>
  /** The action that the reader can take now. */
  fix: string
  /** True where the same call may succeed later. */
  retryable?: boolean
  cause?: unknown
}

/**
 * The one error of Cordon: states what failed, the facts, then `Fix:`. Building one never logs. RPC URLs, keys and
 * tokens are redacted before anything is kept.
 *
 * @example
 * throw new CordonError({ code: 'chain.WrongChain', message: 'The node is on another chain.',
 *   facts: { expected: 1, got: 5 }, fix: 'Point CORDON_RPC_URL at a node of chain 1.' })
 */
export class CordonError extends Error {
  readonly code: string
  readonly facts: Record<string, unknown>
  readonly fix: string
  readonly docsPath: string
  readonly retryable: boolean

  constructor(options: CordonErrorOptions) {
    const facts = redactFacts(options.facts ?? {}) as Record<string, unknown>
    const summary = redact(options.message)
    const fix = redact(options.fix)
    super([summary, ...factLines(facts), `Fix: ${fix}`].join('\n'), { cause: options.cause })
    this.name = options.code
    this.code = options.code
    this.facts = facts
    this.fix = fix
    this.docsPath = `docs/errors/${options.code}.md`
    this.retryable = options.retryable ?? false
  }

  /** The first line of the message, without facts and fix. */
  get summary(): string {
    return this.message.split('\n', 1)[0] ?? this.message
  }
}

function factLines(facts: Record<string, unknown>): string[] {
  return Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
}

/** The message of any thrown value, redacted: for logs and for facts of another error. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof CordonError) return thrown.summary
  if (thrown instanceof Error) return redact(thrown.message.split('\n', 1)[0] ?? thrown.name)
  return redact(String(thrown))
}

/** Converts any thrown value to an Error; returns it unchanged where it is one. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

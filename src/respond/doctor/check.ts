import { CordonError, messageOf } from '../../kit/error.ts'

/** The check of one requirement of Cordon. */
export type Check = { name: string; state: 'ok' | 'warning' | 'failed'; detail: string; fix?: string }

/** The problem and its fix. */
type Trouble = Required<Omit<Check, 'state'>>

export function ok(name: string, detail: string): Check {
  return { name, state: 'ok', detail }
}

export function warning(trouble: Trouble): Check {
  return { ...trouble, state: 'warning' }
}

export function failed(trouble: Trouble): Check {
  return { ...trouble, state: 'failed' }
}

/** Checks of one part; an error that it throws becomes a failed check with its own fix. */
export async function* attempt(name: string, act: () => Promise<Check[]>): AsyncGenerator<Check> {
  try {
    yield* await act()
  } catch (thrown) {
    yield failedBy(name, thrown)
  }
}

export function failedBy(name: string, thrown: unknown): Check {
  const fix = thrown instanceof CordonError ? { fix: thrown.fix } : {}
  return { name, state: 'failed', detail: messageOf(thrown), ...fix }
}

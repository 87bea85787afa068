import { CordonError } from '../../../src/kit/error.ts'
import { captured, type Outcome } from '../../../src/playbooks/result.ts'
import { type Life, still } from './life.ts'

/** The results of durable steps, in order: with the database all that is left after a death. */
export type Memo = { name: string; outcome: Outcome }[]

export type Durable = <T>(name: string, act: () => Promise<T>) => Promise<T>

/**
 * Like DBOS's steps: a result is kept once it has resolved, a failure too; a step that ran at the death runs again.
 * Throws if the steps of a resumed run come in another order than the first time.
 */
export function durableOn(memo: Memo, life: Life): Durable {
  let next = 0
  return async (name, act) => {
    const place = next++
    const kept = memo[place]
    if (kept !== undefined && kept.name !== name)
      throw new TypeError(`step ${place} was ${kept.name} and is ${name} now`)
    const outcome = kept?.outcome ?? (await captured(act))
    await still(life)
    memo[place] ??= { name, outcome }
    if (!outcome.ok) throw new CordonError(outcome.failure)
    return outcome.value as never
  }
}

/** Like `performStep`: within one step's attempts a part that has succeeded does not run again. */
export function rememberingSuccess(durable: Durable): () => Durable {
  const done = new Map<string, unknown>()
  return () => {
    const calls = new Map<string, number>()
    return async (name, act) => {
      const nth = (calls.get(name) ?? 0) + 1
      calls.set(name, nth)
      const part = `${name} ${nth}`
      if (done.has(part)) return done.get(part) as never
      const value = await durable(name, act)
      done.set(part, value)
      return value
    }
  }
}

import type { TrainEnd } from '../calibrate/judged.ts'
import { CordonError } from '../kit/error.ts'
import { momentSchema } from '../model/label.ts'

/** Whole numbers from here on are Unix seconds (2001), below it they are blocks: no EVM chain has so many. */
const FIRST_SECOND = 1_000_000_000

/** A block number, Unix seconds, or an ISO date. Throws `app.InvalidNumber`. */
export function trainEndOf(text: string): TrainEnd {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isSafeInteger(number) && number >= 0)
    return number < FIRST_SECOND ? { kind: 'block', block: number } : { kind: 'time', seconds: number }
  const moment = momentSchema.safeParse(text)
  if (moment.success) return { kind: 'time', seconds: moment.data }
  throw new CordonError({
    code: 'app.InvalidNumber',
    message: `--train-before must be a block number, Unix seconds or an ISO date, not “${text.slice(0, 40)}”.`,
    facts: { option: '--train-before', got: text.slice(0, 40) },
    fix: 'Give for example --train-before 14000000, or --train-before 2022-01-01.',
  })
}

/** A block before any known time does not count as training. */
export function isTraining(
  end: TrainEnd | undefined,
  { block, time }: { block: number; time: number | null },
): boolean {
  if (end === undefined) return false
  return end.kind === 'block' ? block < end.block : time !== null && time < end.seconds
}

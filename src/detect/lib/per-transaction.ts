import { z } from 'zod'
import type { Detector, DetectorInput } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'

/** The one option that most rules have. */
export const confidenceOptions = z.strictObject({
  /** Confidence below which nothing is reported. */
  minConfidence: z.number().min(0).max(1).default(0.5),
})
export type ConfidenceOptions = z.infer<typeof confidenceOptions>

export type Rule<Options> = {
  id: string
  title: string
  options: z.ZodType<Options>
  yieldsToMev?: true
  yieldsToOwners?: true
  evaluate(tx: TransactionFacts, input: DetectorInput, options: Options): Finding[]
}

/** A detector that looks at each transaction's trace by itself and remembers nothing. */
export function perTransaction<Options>({ evaluate, ...rule }: Rule<Options>): Detector<null, Options> {
  return withMemory({
    ...rule,
    init: () => null,
    stateVersion: 1,
    evaluate: (tx, { input, options }) => evaluate(tx, input, options),
  })
}

/** A detector's memory and options, with the block it is asked about. */
export type Remembered<Memory, Options> = { input: DetectorInput; memory: Memory; options: Options }

export type RememberingRule<Memory, Options> = Omit<Rule<Options>, 'evaluate'> & {
  init(): Memory
  stateVersion: number
  evaluate(tx: TransactionFacts, at: Remembered<Memory, Options>): Finding[]
}

/** A detector that looks at each transaction's trace in turn, with what it remembers of those before. */
export function withMemory<Memory, Options>({
  id,
  title,
  options,
  yieldsToMev,
  yieldsToOwners,
  init,
  stateVersion,
  evaluate,
}: RememberingRule<Memory, Options>): Detector<Memory, Options> {
  return {
    id,
    title,
    layer: 'pattern',
    everywhere: true,
    needs: ['traces'],
    ...(yieldsToMev === true ? { yieldsToMev } : {}),
    ...(yieldsToOwners === true ? { yieldsToOwners } : {}),
    options,
    init,
    stateVersion,
    snapshot: (memory) => structuredClone(memory),
    evaluate: (input, memory, options) =>
      input.facts.transactions.flatMap((tx) => evaluate(tx, { input, memory, options })),
  }
}

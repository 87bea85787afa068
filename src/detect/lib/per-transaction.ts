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

/** A detector that examines each transaction's trace on its own and remembers nothing. */
export function perTransaction<Options>({
  id,
  title,
  options,
  yieldsToMev,
  yieldsToOwners,
  evaluate,
}: Rule<Options>): Detector<null, Options> {
  return {
    id,
    title,
    layer: 'pattern',
    needs: ['traces'],
    ...(yieldsToMev === true ? { yieldsToMev } : {}),
    ...(yieldsToOwners === true ? { yieldsToOwners } : {}),
    options,
    init: () => null,
    stateVersion: 1,
    snapshot: () => null,
    evaluate: (input, _state, options) =>
      input.facts.transactions.flatMap((tx) => evaluate(tx, input, options)),
  }
}

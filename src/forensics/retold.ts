import type { Investigation } from '../model/investigation.ts'

/** An investigation with its own sentences reworded: causes with their evidence, the divergence, the steps. */
export function retold(found: Investigation, said: (text: string) => string): Investigation {
  const { rootCause, steps, divergence } = found
  return {
    ...found,
    rootCause: {
      ...rootCause,
      hypotheses: rootCause.hypotheses.map((hypothesis) => ({
        ...hypothesis,
        statement: said(hypothesis.statement),
        evidence: hypothesis.evidence.map((item) => ({ ...item, statement: said(item.statement) })),
      })),
    },
    divergence: divergence && { ...divergence, statement: said(divergence.statement) },
    steps: steps.map((step) => ({ ...step, text: said(step.text) })),
  }
}

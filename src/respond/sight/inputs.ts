import type { ChainHandle } from '../context.ts'
import type { ChainInputs } from './chain-health.ts'
import type { ChainSight } from './sight.ts'

/** The inputs by which the health of one chain is judged. */
export function inputsOf(
  { chainId, vitals, engine, capabilities }: ChainHandle,
  sight: ChainSight,
): ChainInputs {
  const traceDetectors = engine.cells.flatMap(({ detector }) =>
    detector.needs.includes('traces') ? [detector.id] : [],
  )
  if (capabilities.traces !== 'none') return { chainId, vitals, sight, traceDetectors }
  // Determined at the start, before the first block could show it.
  const blindDetectors = new Map([
    ...traceDetectors.map((id) => [id, 'traces'] as const),
    ...vitals.blindDetectors,
  ])
  return { chainId, vitals: { ...vitals, blindDetectors }, sight, traceDetectors }
}

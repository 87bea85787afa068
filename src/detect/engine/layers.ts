import type { Layer } from '../../model/assessment.ts'
import { detectors } from '../registry.ts'

const LAYERS: ReadonlyMap<string, Layer> = new Map(detectors.map(({ id, layer }) => [id, layer]))

/** The basis of a detector's findings; a detector that is no longer shipped counts as a pattern. */
export function layerOf(detector: string): Layer {
  return LAYERS.get(detector) ?? 'pattern'
}

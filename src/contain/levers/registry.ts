import { aaveV3Templates } from './aave-v3.ts'
import { pauseTemplates } from './pause.ts'
import type { LeverTemplate } from './template.ts'

/** Every lever that Cordon knows how to find. A new one is a file and a line here. */
export const leverTemplates: readonly LeverTemplate[] = [...pauseTemplates, ...aaveV3Templates]

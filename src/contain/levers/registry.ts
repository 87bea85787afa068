import { aaveV2Templates } from './aave-v2.ts'
import { aaveV3Templates } from './aave-v3.ts'
import { axelarTemplates } from './axelar.ts'
import { balancerTemplates } from './balancer.ts'
import { ccipTemplates } from './ccip.ts'
import { circleTemplates } from './circle.ts'
import { compoundV2Templates } from './compound-v2.ts'
import { compoundV3Templates } from './compound-v3.ts'
import { curveTemplates } from './curve.ts'
import { deriveTemplates } from './derive.ts'
import { erc7265Templates } from './erc7265.ts'
import { eulerEvkTemplates } from './euler-evk.ts'
import { gmxTemplates } from './gmx.ts'
import { governorTemplates } from './governor.ts'
import { holderTemplates } from './holder.ts'
import { issuerTemplates } from './issuer.ts'
import { layerzeroTemplates } from './layerzero.ts'
import { lidoTemplates } from './lido.ts'
import { lyraTemplates } from './lyra.ts'
import { makerTemplates } from './maker.ts'
import { openzeppelinTemplates } from './openzeppelin.ts'
import { opynTemplates } from './opyn.ts'
import { pauseTemplates } from './pause.ts'
import { perpCurieTemplates } from './perp-curie.ts'
import { rollupTemplates } from './rollup.ts'
import { safeTemplates } from './safe.ts'
import { switchTemplates } from './switches.ts'
import { synthetixTemplates } from './synthetix.ts'
import type { LeverTemplate } from './template.ts'
import { vaultCapTemplates } from './vault-caps.ts'
import { zodiacTemplates } from './zodiac.ts'

/** Every lever that Cordon knows how to find. A new one is a file and a line here. */
export const leverTemplates: readonly LeverTemplate[] = [
  ...pauseTemplates,
  ...switchTemplates.filter(({ signature }) =>
    pauseTemplates.every((known) => known.signature !== signature),
  ),
  ...openzeppelinTemplates,
  ...governorTemplates,
  ...aaveV3Templates,
  ...aaveV2Templates,
  ...compoundV2Templates,
  ...compoundV3Templates,
  ...eulerEvkTemplates,
  ...makerTemplates,
  ...curveTemplates,
  ...lidoTemplates,
  ...synthetixTemplates,
  ...perpCurieTemplates,
  ...gmxTemplates,
  ...opynTemplates,
  ...lyraTemplates,
  ...deriveTemplates,
  ...balancerTemplates,
  ...erc7265Templates,
  ...axelarTemplates,
  ...ccipTemplates,
  ...layerzeroTemplates,
  ...circleTemplates,
  ...rollupTemplates,
  ...safeTemplates,
  ...zodiacTemplates,
  ...vaultCapTemplates,
  ...holderTemplates,
  ...issuerTemplates,
]

/** Everything that a template needs or takes by name. */
export const givenNames: readonly string[] = [
  ...new Set(leverTemplates.flatMap(({ needs = [], takes = [] }) => [...needs, ...takes])),
].sort()

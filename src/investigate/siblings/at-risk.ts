import { CordonError } from '../../kit/error.ts'
import type { Address } from '../../model/hex.ts'
import type { Investigation } from '../../model/investigation.ts'
import type { AtRisk } from '../../model/scope-at-risk.ts'
import { isUrl } from '../gather/source.ts'
import { freezeFound } from '../regress/regress.ts'
import { dryRun } from './dry-run.ts'

/**
 * Adds the amounts that the same attack could still take from other contracts: `scope.atRisk`. Throws
 * `app.SiblingsNeedNode`, and the errors of freezing the attack and starting a fork.
 */
export async function withAtRisk(
  found: Investigation,
  { source, siblings }: { source: string; siblings: readonly Address[] },
): Promise<Investigation> {
  if (!isUrl(source)) throw needNode(source)
  const victim = found.rootCause.contract
  const atRisk =
    victim === null ? siblings.map(unknownVictim) : await tryEach(found, { source, siblings, victim })
  return { ...found, scope: { ...found.scope, atRisk } }
}

async function tryEach(
  found: Investigation,
  { source, siblings, victim }: { source: string; siblings: readonly Address[]; victim: Address },
): Promise<AtRisk[]> {
  const regression = await freezeFound(found, { source, legitimate: [] })
  return dryRun({ rpcUrl: source, regression, victim, siblings })
}

function unknownVictim(contract: Address): AtRisk {
  const reason = 'no vulnerable contract is known, so nobody knows whose place it would take'
  return { contract, outcome: 'not-tried', drained: [], transactions: 0, reason }
}

function needNode(source: string): CordonError {
  return new CordonError({
    code: 'app.SiblingsNeedNode',
    message: 'Cordon tries siblings on a fork of the chain’s latest block, so a file cannot be the source.',
    facts: { source },
    fix: 'Name a JSON-RPC URL as the source.',
  })
}

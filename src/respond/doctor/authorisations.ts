import { getCode } from '../../chain/methods/get-code.ts'
import { standingOf } from '../../contain/approval/authorise.ts'
import { allAuthorisations, authorisationContext } from '../../contain/approval/standing.ts'
import { systemClock } from '../../kit/clock.ts'
import type { Config } from '../../model/config.ts'
import type { StandingAuthorisation } from '../../model/containment.ts'
import { installationOf } from '../../store/installation.ts'
import type { Store } from '../../store/store.ts'
import { counted } from '../../words/share.ts'
import { namedPerson } from '../authorisations/people.ts'
import type { ChainHandle } from '../context.ts'
import { type Check, failed, ok, warning } from './check.ts'

const WEEK_S = 7 * 86_400
const AGAIN = 'Sign a new one: cordon levers authorize'

/**
 * The name of this installation, and for each standing authorisation for a chain whether it holds, for how long and how
 * often.
 */
export async function authorisationChecks(
  store: Store,
  { rpc, chainId }: ChainHandle,
  config: Config,
): Promise<Check[]> {
  const installation = await installationOf(store)
  const checks = [ok('installation', `${installation}: what people sign names it`)]
  const context = authorisationContext({ store, clock: systemClock, config, rpc, installation })
  for (const authorisation of await allAuthorisations(store, config)) {
    if (authorisation.chainId !== chainId) continue
    const standing = await standingOf(authorisation, context)
    const name = `authorisation ${standing.hash}`
    const who = `by ${namedPerson(config, authorisation.signer)}`
    if (!standing.holds) checks.push(warning({ name, detail: `${who}: ${standing.reason}`, fix: AGAIN }))
    else checks.push(heldCheck(authorisation, { name, who, left: standing.left, now: context.now }))
    checks.push(...(await targetChecks(rpc, authorisation, name)))
  }
  return checks
}

type Held = { name: string; who: string; left: number; now: number }

function heldCheck(
  { selectors, targets, maxActions, validUntil }: StandingAuthorisation,
  { name, who, left, now }: Held,
): Check {
  const until = new Date(validUntil * 1_000).toISOString()
  const detail = `${who}: ${counted(selectors.length, 'function')} on ${counted(targets.length, 'contract')}, until ${until}, ${left} of ${counted(maxActions, 'action')} left`
  if (validUntil - now < WEEK_S)
    return warning({ name, detail: `${detail}: it ends within a week`, fix: AGAIN })
  return ok(name, detail)
}

async function targetChecks(
  rpc: ChainHandle['rpc'],
  { targets }: StandingAuthorisation,
  name: string,
): Promise<Check[]> {
  const codes = await Promise.all(targets.map((target) => getCode(rpc, target, 'latest')))
  return targets.flatMap((target, i) =>
    codes[i] === '0x'
      ? [failed({ name, detail: `its target ${target} has no code on this chain`, fix: AGAIN })]
      : [],
  )
}

import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { getCode } from '../../chain/methods/get-code.ts'
import { allAuthorisations } from '../../contain/approval/standing.ts'
import { routeText } from '../../contain/routes/route.ts'
import { baseFeeOf } from '../../contain/sending/broadcast.ts'
import { capTooLow } from '../../contain/sending/fees.ts'
import { openSigner, sourceOf } from '../../contain/signers/configured.ts'
import { trySigning } from '../../contain/signers/signer.ts'
import { systemClock } from '../../kit/clock.ts'
import type { Env } from '../../kit/secret.ts'
import { NATIVE } from '../../model/block.ts'
import type { Config } from '../../model/config.ts'
import { namesOf } from '../../model/config.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import type { Tokens } from '../../model/token.ts'
import { listedLexicon } from '../../names/listed-lexicon.ts'
import { installationOf } from '../../store/installation.ts'
import type { Store } from '../../store/store.ts'
import { amountText } from '../../words/amount.ts'
import { type Alone, aloneFor } from '../alone/alone.ts'
import { planNow } from '../alone/levers-alone.ts'
import type { ChainHandle } from '../context.ts'
import { presignedOn } from '../upkeep/presigned.ts'
import { attempt, type Check, failed, ok, warning } from './check.ts'

/** Every signer signs something; returns the addresses of those that can. */
export async function signerChecks(
  config: Config,
  env: Env,
): Promise<{ addresses: Address[]; checks: Check[] }> {
  const addresses: Address[] = []
  const checks: Check[] = []
  for (const signer of config.signers) {
    const name = `signer ${sourceOf(signer)}`
    const looked = attempt(name, async () => {
      const { signer: opened, kind } = await openSigner(signer, env)
      await trySigning(opened)
      addresses.push(opened.address)
      return [ok(name, `${opened.address} (${kind}) signs`)]
    })
    for await (const check of looked) checks.push(check)
  }
  return { addresses, checks }
}

/** The calls that Safe owners signed in advance, and whether their Safes still accept them. */
export async function presignedChecks(handle: ChainHandle, store: Store): Promise<Check[]> {
  const latest = await getBlockNumber(handle.rpc)
  const calls = await presignedOn({ store }, handle, latest)
  return calls.map(({ to, safe, nonce, safeNonce, owners, isDead }): Check => {
    const name = `signed beforehand for ${to}`
    const detail = `${owners.length} owners of the Safe ${safe} for nonce ${nonce}; it is at ${safeNonce}`
    if (!isDead) return ok(name, detail)
    const fix = `Have the owners sign again: cordon levers presign ${to} --safe ${safe}`
    return { name, state: 'warning', detail: `dead: ${detail}`, fix }
  })
}

/**
 * For each protected contract: whether it has a pause, who may pull it now, whether they can pay for it, and whether it
 * is pulled without people.
 */
export async function leverChecks(
  handle: ChainHandle,
  config: Config,
  { signers, store }: { signers: readonly Address[]; store: Store },
): Promise<Check[]> {
  const { scope } = handle.engine
  if (scope.kind !== 'contracts') return []
  const installation = await installationOf(store)
  const sources = { store, clock: systemClock, config, signers, installation, names: namesOf(config) }
  const hasAny = (await allAuthorisations(store, config)).some(({ chainId }) => chainId === handle.chainId)
  const found: Check[] = await feeChecks(handle, config)
  const { tokens } = await listedLexicon(config, handle.chainId)
  for (const target of scope.addresses) {
    // Reported already, by the check of its code.
    if (!(await hasCode(handle, target))) continue
    const looked = attempt(`pause of ${target}`, async () => {
      const plan = await planNow(handle, target, sources)
      const alone = await aloneFor(handle, plan, { ...sources, target })
      return [leverCheck(plan, tokens), aloneCheck(alone, hasAny)]
    })
    for await (const check of looked) found.push(check)
  }
  return found
}

async function hasCode({ rpc }: ChainHandle, address: Address): Promise<boolean> {
  return (await getCode(rpc, address, 'latest')) !== '0x'
}

/** Empty where the fee cap is enough for now. */
async function feeChecks({ rpc }: ChainHandle, { fees, signers }: Config): Promise<Check[]> {
  const why = signers.length === 0 ? null : capTooLow(fees, await baseFeeOf(rpc))
  const fix = 'Raise fees.maxFeePerGasCap, wei per gas unit, well above the base fee of a busy day.'
  return why === null ? [] : [failed({ name: 'fee cap', detail: why.split(':')[0] ?? why, fix })]
}

/** Where no one has signed an authorisation, the team wants people to decide. */
function aloneCheck({ target, alone, text }: Alone, hasAny: boolean): Check {
  const name = `without people on ${target}`
  if (alone || !hasAny) return ok(name, text)
  return warning({ name, detail: text, fix: 'See how each stands: cordon levers authorize --list' })
}

function leverCheck({ lever, route }: ContainmentPlan, tokens: Tokens): Check {
  const name = `pause of ${lever.target}`
  const { authority } = lever
  if (!lever.armed) return { name, state: 'warning', detail: `${lever.signature}: it is paused now` }
  if (authority === null)
    return {
      name,
      state: 'failed',
      detail: `${lever.signature}: nobody known may call it`,
      fix: 'Give the guardian’s address in roles.guardian and a signer for it.',
    }
  if (!authority.live)
    return {
      name,
      state: 'warning',
      detail: `${lever.signature}: ${authority.address} may call it, but no signer for it is here`,
      fix: 'Add its key to signers. Without it, Cordon proposes the call and people make it.',
    }
  if (route.kind !== 'direct')
    return ok(name, `${lever.signature} by ${authority.address}, ${routeText(route)}`)
  if (authority.balance === 0n)
    return {
      name,
      state: 'failed',
      detail: `${lever.signature}: ${authority.address} has no native coin for gas`,
      fix: `Fund ${authority.address}.`,
    }
  return ok(
    name,
    `${lever.signature} by ${authority.address}, funded with ${amountText({ asset: NATIVE, amount: authority.balance }, tokens)}`,
  )
}

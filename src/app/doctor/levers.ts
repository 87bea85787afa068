import { type Planned, planContainment } from '../../contain/plan.ts'
import { routeText } from '../../contain/route.ts'
import { trySigning } from '../../contain/signer.ts'
import type { Logger } from '../../kit/logger.ts'
import type { Address } from '../../model/hex.ts'
import { peopleOf } from '../actions/work.ts'
import type { Config } from '../config/schema.ts'
import type { ChainHandle } from '../context.ts'
import { openDatabase } from '../database.ts'
import { type Env, openSigner, sourceOf } from '../signers.ts'
import { presignedOn } from '../watch/presigned.ts'
import { attempt, type Check, ok } from './check.ts'

/** Every signer signs something; gives the addresses of those that can. */
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

/** What Safe owners signed beforehand, and whether their Safes still take it. */
export async function presignedChecks(
  handle: ChainHandle,
  { dataDir }: Config,
  { env, logger }: { env: Env; logger: Logger },
): Promise<Check[]> {
  const database = await openDatabase({ dataDir, env, logger })
  try {
    const latest = Number(await handle.rpc.request('eth_blockNumber', []))
    const calls = await presignedOn(database, handle, latest)
    return calls.map(({ to, safe, nonce, safeNonce, owners, isDead }): Check => {
      const name = `signed beforehand for ${to}`
      const detail = `${owners.length} owners of the Safe ${safe} for nonce ${nonce}; it is at ${safeNonce}`
      if (!isDead) return ok(name, detail)
      const fix = `Have the owners sign again: cordon levers presign ${to} --safe ${safe}`
      return { name, state: 'warning', detail: `dead: ${detail}`, fix }
    })
  } finally {
    await database.close()
  }
}

/** For each protected contract: is there a pause, who may pull it now, and can they pay for it. */
export async function leverChecks(
  handle: ChainHandle,
  config: Config,
  signers: readonly Address[],
): Promise<Check[]> {
  const { scope } = handle.engine
  if (scope.kind !== 'contracts') return []
  const latest = Number(await handle.rpc.request('eth_blockNumber', []))
  const others = peopleOf(config)
  const found: Check[] = []
  for (const target of scope.addresses) {
    const at = {
      rpc: handle.rpc,
      chainId: handle.chainId,
      incidentId: 'doctor',
      target,
      attackTransaction: null,
      attack: null,
      sequencer: handle.sequencer,
      pinnedBlock: latest,
    }
    for await (const check of attempt(`pause of ${target}`, async () => [
      leverCheck(await planContainment({ ...at, signers, others })),
    ]))
      found.push(check)
  }
  return found
}

function leverCheck({ plan: { lever, route } }: Planned): Check {
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
      fix: 'Add its key to signers, or leave it to people: Cordon then proposes.',
    }
  if (route.kind !== 'direct')
    return ok(name, `${lever.signature} by ${authority.address}, ${routeText(route)}`)
  if (authority.balance === 0n)
    return {
      name,
      state: 'failed',
      detail: `${lever.signature}: ${authority.address} has no coin for gas`,
      fix: `Fund ${authority.address}.`,
    }
  return ok(name, `${lever.signature} by ${authority.address}, funded with ${authority.balance} wei`)
}

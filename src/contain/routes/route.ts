import { parseTransaction } from 'viem'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { assert } from '../../kit/assert.ts'
import type { ContainmentPlan, Route } from '../../model/containment.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import type { SafeSignature } from '../../model/safe.ts'
import type { Call } from '../reading/call.ts'
import type { Signer } from '../signers/signer.ts'
import {
  accessManagerReadyAt,
  accessManagerRoutes,
  executeCall,
  managerOf,
  scheduleCall,
} from './access-manager-route.ts'
import type { FoundRoute, Reach } from './reach.ts'
import { rolesCall, rolesRoutes } from './roles-route.ts'
import { execTransaction, readSafe } from './safe.ts'
import { collectSignatures, safeRoutes } from './safe-route.ts'
import {
  timelockExecuteCall,
  timelockReadyAt,
  timelockRoutes,
  timelockScheduleCall,
} from './timelock-route.ts'

type Pull = Pick<Lever, 'target' | 'calldata'>

/** The call of a lever itself, as its authority makes it. */
export function callOf({ lever }: { lever: Pull }): Call {
  return { to: lever.target, data: lever.calldata, value: 0n }
}

/** Whether a route is better than another: it needs no people, or else is sooner. Ties keep the given order. */
export function isBetter(a: FoundRoute, b: FoundRoute): boolean {
  if (a.isLive !== b.isLive) return a.isLive
  return a.seconds < b.seconds
}

/**
 * The route that can act soonest in the name of a contract that may pull a lever: a role of ours before the Safe's own
 * signatures (it needs no nonce), a Safe before a timelock. Null where Cordon does not know the kind of contract.
 */
export async function resolveRoute(
  lever: Pull & { chainId: number },
  authority: Address,
  reach: Reach,
): Promise<FoundRoute | null> {
  const call = callOf({ lever })
  const found = await Promise.all([
    rolesRoutes(call, authority, reach),
    safeRoutes(call, { chainId: lever.chainId, address: authority }, reach),
    timelockRoutes(call, authority, reach),
  ])
  return bestOf(found.flat())
}

/** The route through the AccessManager that the lever's contract obeys; null where we have none. */
export async function resolveManaged(
  lever: Pull,
  reach: Reach,
): Promise<{ manager: Address; found: FoundRoute } | null> {
  const manager = await managerOf(reach, lever.target)
  if (manager === null) return null
  const found = bestOf(await accessManagerRoutes(callOf({ lever }), manager, reach))
  return found === null ? null : { manager, found }
}

function bestOf(routes: readonly FoundRoute[]): FoundRoute | null {
  return routes.reduce<FoundRoute | null>(
    (best, route) => (best === null || isBetter(route, best) ? route : best),
    null,
  )
}

/** Our account that sends the plan's first transaction; null where there is none. */
export function senderOf({ route, lever }: Pick<ContainmentPlan, 'route' | 'lever'>): Address | null {
  switch (route.kind) {
    case 'direct':
      return lever.authority?.address ?? null
    case 'safe':
      return route.sender
    case 'roles':
    case 'access-manager':
      return route.member
    case 'timelock':
      return route.proposer
  }
}

export type BuildContext = {
  rpc: Rpc
  signers: ReadonlyMap<Address, Signer>
  /** The signatures that owners gave in advance: read for a Safe only. */
  presigned: () => Promise<readonly SafeSignature[]>
  /** Seconds since the epoch, by the chain: read only where there is a delay. */
  now: () => Promise<number>
}

/** A transaction of a route. `schedule` changes nothing yet: `execute` pulls the lever, not before `readyAt`. */
export type RouteStep =
  | { does: 'pull'; call: Call; from: Address }
  | { does: 'schedule'; call: Call; from: Address }
  | { does: 'wait'; readyAt: number }

type Routed = Pick<ContainmentPlan, 'id' | 'lever' | 'route' | 'executes'>

/**
 * The next transaction to send for a plan, at the present state of the chain. Collects a Safe's signatures; a plan with
 * a delay is scheduled once, then waits, then pulls. Throws `contain.SafeNotSigned`.
 */
export async function nextStep(plan: Routed, context: BuildContext): Promise<RouteStep> {
  const { route, lever } = plan
  const call = callOf(plan)
  const from = senderOf(plan)
  assert(from !== null, 'a plan that is carried out has a sender')
  const at = { rpc: context.rpc, block: 'latest' } as const
  switch (route.kind) {
    case 'direct':
      return { does: 'pull', call, from }
    case 'roles':
      return { does: 'pull', call: rolesCall(route, call), from }
    case 'safe': {
      const safe = await readSafe(at, { chainId: lever.chainId, address: route.safe })
      assert(safe !== null, 'a Safe stays one')
      const presigned = await context.presigned()
      const signatures = await collectSignatures(safe, call, { ...context, presigned })
      return { does: 'pull', call: await execTransaction(safe, call, signatures), from }
    }
    case 'access-manager':
    case 'timelock': {
      const readyAt = await readyAtOf(plan, context.rpc)
      if (readyAt === null) return { does: 'schedule', call: schedules(plan, route), from }
      if (readyAt > (await context.now())) return { does: 'wait', readyAt }
      return { does: 'pull', ...executes(plan, route, from) }
    }
  }
}

type Delayed = Extract<Route, { kind: 'access-manager' | 'timelock' }>

function schedules(plan: Routed, route: Delayed): Call {
  const call = callOf(plan)
  if (route.kind === 'access-manager') return scheduleCall(route.manager, call)
  return timelockScheduleCall(route, call, operationOf(plan))
}

/** Whether a transaction of a plan only schedules: it does not stop anything yet. */
export function isScheduling(plan: Routed, rawTransaction: Hex): boolean {
  const { route } = plan
  if (route.kind !== 'access-manager' && route.kind !== 'timelock') return false
  return parseTransaction(rawTransaction).data?.toLowerCase() === schedules(plan, route).data
}

function executes(plan: Routed, route: Delayed, from: Address): { call: Call; from: Address } {
  const call = callOf(plan)
  if (route.kind === 'access-manager') return { call: executeCall(route.manager, call), from }
  const executor = route.executor ?? from
  return { call: timelockExecuteCall(route, call, operationOf(plan)), from: executor }
}

/** When a plan's scheduled call can be executed, seconds since the epoch; null where nothing waits. */
export async function readyAtOf(plan: Routed, rpc: Rpc): Promise<number | null> {
  const { route } = plan
  const at = { rpc, block: 'latest' } as const
  const call = callOf(plan)
  if (route.kind === 'access-manager') return accessManagerReadyAt(route, call, at)
  if (route.kind === 'timelock') return timelockReadyAt(route, { call, planId: operationOf(plan) }, at)
  return null
}

/** A plan that executes uses the operation of the plan that scheduled. */
function operationOf({ id, executes }: Routed): string {
  return executes ?? id
}

/** How a plan is carried out, for people. */
export function routeText(route: Route): string {
  switch (route.kind) {
    case 'direct':
      return 'sent by that account itself'
    case 'safe':
      return `through the Safe ${route.safe} (${route.threshold} of ${route.owners.length})`
    case 'roles':
      return `by ${route.member} through the Roles modifier ${route.modifier}`
    case 'access-manager':
      return `scheduled by ${route.member} with the AccessManager ${route.manager}, executed ${route.delaySeconds} seconds later`
    case 'timelock':
      return `scheduled by ${route.proposer} with the timelock ${route.timelock}, executed ${route.delaySeconds} seconds later`
  }
}

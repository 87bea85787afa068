import { z } from 'zod'
import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { patiently } from '../../chain/rpc/patiently.ts'
import { leverTemplates } from '../../contain/levers/registry.ts'
import { queuedIn } from '../../contain/planning/queued.ts'
import { toJson } from '../../kit/json.ts'
import { givenAddressSchema, hasRightChecksum, wrongChecksum } from '../../model/given-address.ts'
import { type Address, addressSchema } from '../../model/hex.ts'
import { attackedBy } from './attacked.ts'
import { recordStep } from './record-step.ts'
import { chainOf, type Work } from './work.ts'

const givenValue = z.string().refine((text) => !/^0x[0-9a-fA-F]{40}$/.test(text) || hasRightChecksum(text), {
  error: ({ input }) => wrongChecksum(String(input)),
})

const namedLever = z.strictObject({
  target: givenAddressSchema,
  /** A lever template, as `cordon levers discover` names it. */
  lever: z.string().min(1).max(80),
  /** The inputs that the template needs: `{ asset: "0x…" }`. */
  given: z.record(z.string(), givenValue).default({}),
  /** The incident’s chain if left out. */
  chainId: z.number().int().positive().optional(),
})

export const containArgs = z.discriminatedUnion('action', [
  /** The best lever of each protected contract of the incident. */
  z.strictObject({ action: z.literal('pause') }),
  /** Cancels the operations that the incident's transactions queued in timelocks, AccessManagers and Governors. */
  z.strictObject({ action: z.literal('cancel') }),
  /** Levers named in advance, on several contracts and chains. `in-order`: each waits until the previous one holds. */
  z.strictObject({
    action: z.literal('levers'),
    levers: z.array(namedLever).min(1).max(32),
    order: z.enum(['together', 'in-order']).default('together'),
  }),
])
export type ContainArgs = z.infer<typeof containArgs>

type Shared = Pick<Work, 'app' | 'context' | 'incident' | 'attack' | 'attempt'>

/** The contracts that a step contains, each with the lever that is named for it. */
export function worksFor(args: ContainArgs, shared: Shared): Work[] | Promise<Work[]> {
  switch (args.action) {
    case 'cancel':
      return cancelling(shared)
    case 'pause':
      return pausing(shared)
    case 'levers':
      return namedWorks(args, shared)
  }
}

async function pausing(shared: Shared): Promise<Work[]> {
  const { app, context, incident, attempt } = shared
  const chain = chainOf(app, incident)
  const json = await context.durable('attacked', async () => {
    const attacked = await attackedBy(app, incident)
    const spared = incident.protected.filter((target) => !attacked.includes(target))
    if (spared.length > 0 && attempt === context.run.id) {
      const named = spared.map((target) => app.names.get(target) ?? target).join(', ')
      const message = `Left as ${spared.length === 1 ? 'it is' : 'they are'}: ${named}. The attack touches ${spared.length === 1 ? 'it' : 'them'}, and nothing at paging level says that ${spared.length === 1 ? 'it loses' : 'they lose'} anything.`
      await recordStep(app, context, {
        kind: 'plan',
        message,
        evidence: { kind: 'spared', body: { spared } },
      })
    }
    return toJson(attacked)
  })
  const targets = z.array(addressSchema).parse(JSON.parse(json))
  return targets.map((target) => ({ ...shared, chain, target }))
}

function namedWorks(args: Extract<ContainArgs, { action: 'levers' }>, shared: Shared): Work[] {
  const { app, incident, attack } = shared
  return withTogether(args.levers).map(({ target, lever, given, chainId }) => ({
    ...shared,
    chain: chainOf(app, incident, chainId),
    // the attack is a transaction of the incident's chain: on other chains there is nothing to try
    attack:
      chainId === undefined || chainId === incident.chainId ? attack : { ...attack, hash: null, call: null },
    target,
    wanted: { template: lever, given },
  }))
}

type Named = z.infer<typeof namedLever>

/** Adds the levers that are useless apart: a lockdown of Permit2 without its nonces leaves signed permits valid. */
function withTogether(levers: readonly Named[]): Named[] {
  const all = [...levers]
  for (const named of levers) {
    const { together = [] } = leverTemplates.find(({ id }) => id === named.lever) ?? {}
    for (const lever of together)
      if (!all.some((item) => item.lever === lever && item.target === named.target))
        all.push({ ...named, lever })
  }
  return all
}

const queuedSchema = z.object({
  queued: z.array(
    z.object({
      target: addressSchema,
      wanted: z.object({ template: z.string(), given: z.record(z.string(), z.string()) }),
    }),
  ),
  leftOut: z.object({ operations: z.number(), contracts: z.array(addressSchema) }),
  latest: z.number(),
})

/** An operation is queued only after the transaction that queued it, so these levers are tried on the latest block. */
async function cancelling(shared: Shared): Promise<Work[]> {
  const { app, context, incident, attack } = shared
  const chain = chainOf(app, incident)
  const json = await context.durable('queued', () =>
    patiently(app, async () => {
      const ours = app.config.protect.filter(
        ({ chainId }) => chainId === undefined || chainId === chain.chainId,
      )
      const contracts = [...new Set([...incident.protected, ...ours.map(({ address }) => address)])]
      const { transactions } = incident
      const found = await queuedIn({ rpc: chain.rpc, transactions, contracts, block: attack.pinnedBlock })
      return toJson({ ...found, latest: await getBlockNumber(chain.rpc) })
    }),
  )
  const { queued, leftOut, latest } = queuedSchema.parse(JSON.parse(json))
  const said = queuedText(queued.length, leftOut)
  if (said !== null)
    await recordStep(app, context, {
      kind: 'plan',
      message: said,
      evidence: { kind: 'queued-operations', body: { queued, leftOut } },
    })
  return queued.map((item) => ({
    ...shared,
    ...item,
    chain,
    attack: { ...attack, call: null, pinnedBlock: latest },
  }))
}

/** The timeline text if an operation is not cancelled; null if all are. */
function queuedText(
  count: number,
  { operations, contracts }: { operations: number; contracts: readonly Address[] },
): string | null {
  const nothing =
    count === 0 ? 'Nothing that could be cancelled was queued by the transactions of this incident.' : ''
  if (operations === 0) return nothing === '' ? null : nothing
  const [named, more] = [contracts.slice(0, 3).join(', '), contracts.length - 3]
  const whose = `${named}${more > 0 ? ` and ${more} more` : ''}`
  return `${nothing} Left out: ${operations} queued ${operations === 1 ? 'operation' : 'operations'} of contracts without authority over what is protected, or not aimed at it (${whose}).`.trim()
}

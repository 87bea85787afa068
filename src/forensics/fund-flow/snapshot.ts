import { z } from 'zod'
import type { AddressLabel } from '../../model/address-label.ts'
import { fundFlowSchema } from '../../model/fund-flow.ts'
import { type Address, addressSchema, amountSchema } from '../../model/hex.ts'
import type { Parcel, Part } from './parcel.ts'
import { type Flow, type FlowLimits, LIMITS, methods } from './state.ts'

const count = z.number().int().min(0)
const part = z.object({ lineage: count, here: amountSchema, origin: amountSchema })
const book = z.object({ lots: z.array(z.object({ amount: amountSchema, parts: z.array(part) })) })
const perMethod = <S extends z.ZodType>(schema: S) => z.object({ haircut: schema, fifo: schema })

const savedSchema = z.object({
  version: z.literal(1),
  chainId: z.number().int(),
  actors: z.array(addressSchema),
  sources: fundFlowSchema.shape.sources,
  lineages: z.array(z.string()),
  stolen: z.array(amountSchema),
  books: perMethod(z.array(z.tuple([z.string(), book]))),
  unexplained: perMethod(z.array(amountSchema)),
  order: count,
  cut: fundFlowSchema.shape.cut,
  contracts: z.array(addressSchema),
  robbed: z.array(addressSchema),
  moved: z.array(z.tuple([addressSchema, z.number().int()])),
  fromBlock: z.number().int(),
  toBlock: z.number().int(),
  transactions: count,
})
export type SavedFlow = z.infer<typeof savedSchema>

/**
 * The data from which following continues: tainted holdings and sums. Past movements and clean holdings are left out.
 */
export function saveFlow(flow: Flow): SavedFlow {
  const held = new Set(
    methods.flatMap((method) => [...flow.tainted[method]].map((name) => name.slice(0, 42))),
  )
  const isHeld = (account: Address): boolean => held.has(account)
  const { chainId, sources, lineages, stolen, unexplained, order, cut, fromBlock, toBlock, transactions } =
    flow
  const booksOf = (method: (typeof methods)[number]): SavedFlow['books']['fifo'] =>
    [...flow.tainted[method]].map((name) => [
      name,
      { lots: flow.books[method].get(name)?.lots.map(copied) ?? [] },
    ])
  return {
    version: 1,
    chainId,
    actors: [...flow.actors],
    sources: [...sources],
    lineages: [...lineages],
    stolen: [...stolen],
    books: { haircut: booksOf('haircut'), fifo: booksOf('fifo') },
    unexplained: { haircut: [...unexplained.haircut], fifo: [...unexplained.fifo] },
    order,
    cut: { ...cut },
    contracts: [...flow.contracts].filter(isHeld),
    robbed: [...flow.robbed],
    moved: [...flow.moved].filter(([account]) => isHeld(account)),
    fromBlock,
    toBlock,
    transactions,
  }
}

function copied({ amount, parts }: Parcel): { amount: bigint; parts: Part[] } {
  return { amount, parts: [...parts] }
}

/** A flow as it was saved. Throws the Zod error if the document is not a saved flow. */
export function restoreFlow(
  document: unknown,
  labels: ReadonlyMap<Address, AddressLabel>,
  limits: Partial<FlowLimits> = {},
): Flow {
  const saved = savedSchema.parse(document)
  const namesOf = (method: (typeof methods)[number]): Set<string> =>
    new Set(saved.books[method].map(([name]) => name))
  return {
    ...saved,
    limits: { ...LIMITS, ...limits },
    labels,
    actors: new Set(saved.actors),
    books: { haircut: new Map(saved.books.haircut), fifo: new Map(saved.books.fifo) },
    tainted: { haircut: namesOf('haircut'), fifo: namesOf('fifo') },
    edges: [],
    contracts: new Set(saved.contracts),
    robbed: new Set(saved.robbed),
    doubted: new Set(),
    moved: new Map(saved.moved),
  }
}

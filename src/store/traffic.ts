import { z } from 'zod'
import { change, row, type Store } from './store.ts'

const trafficSchema = z.object({ transactions: z.number().int(), days: z.number() })

/** Clean transactions of protected contracts on a chain and the days watched, over all runs of the program. */
export async function findTraffic(
  store: Store,
  chainId: number,
): Promise<z.infer<typeof trafficSchema> | undefined> {
  return row(store, trafficSchema, 'SELECT transactions, days FROM traffic WHERE chain_id = $1', [chainId])
}

/** Sets the counts; never less than before, so that a late write of another process removes nothing. */
export async function keepTraffic(
  store: Store,
  chainId: number,
  counted: { transactions: number; days: number },
): Promise<void> {
  const sql = `INSERT INTO traffic (chain_id, transactions, days) VALUES ($1, $2, $3)
    ON CONFLICT (chain_id) DO UPDATE SET transactions = greatest(traffic.transactions, $2),
      days = greatest(traffic.days, $3)`
  await change(store, sql, [chainId, counted.transactions, counted.days])
}

import { z } from 'zod'
import { addressSchema, amountSchema } from '../model/hex.ts'

const seriesSchema = z.object({
  id: z.number().int(),
  token: addressSchema,
  /** USDC base units for one option */
  strike: amountSchema,
  /** Seconds since the epoch. */
  expiry: z.number().int(),
})

/** The addresses and blocks of a drill: plain data, so that it can be written down and read back. */
export const drillDeploymentSchema = z.object({
  chainId: z.number().int(),
  /** First block with a transaction of the deployment. */
  firstBlock: z.number().int(),
  /** Block at whose end the deployment was complete. */
  readyBlock: z.number().int(),
  usdc: addressSchema,
  acme: addressSchema,
  factory: addressSchema,
  factory2: addressSchema,
  /** ACME/USDC: the market's price. */
  pair: addressSchema,
  /** The same two tokens on another exchange, for arbitrage. */
  pair2: addressSchema,
  oracle: addressSchema,
  flashLender: addressSchema,
  router: addressSchema,
  arbBot: addressSchema,
  /** The protocol to protect. */
  optionsVault: addressSchema,
  lendingMarket: addressSchema,
  ethReserve: addressSchema,
  attackOption: addressSchema,
  attackOracle: addressSchema,
  attackReentrancy: addressSchema,
  /** Expired and settled: the target of the option attack. */
  settledSeries: seriesSchema,
  /** Still being written. */
  liveSeries: seriesSchema,
})
export type DrillDeployment = z.infer<typeof drillDeploymentSchema>

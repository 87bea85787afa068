import { z } from 'zod'
import { durationMs } from '../kit/duration.ts'
import { approvalRuleSchema } from './approval.ts'
import { attackKinds } from './attack-kind.ts'
import { standingAuthorisationSchema } from './containment.ts'
import { severitySchema } from './finding.ts'
import { givenAddressSchema } from './given-address.ts'
import { type Address, amountSchema } from './hex.ts'
import { PATIENCE } from './patience.ts'
import { durationSchema } from './playbook.ts'
import { protocolKindSchema } from './protocol-kind.ts'
import { registeredSchema } from './registration.ts'
import { reporterSchema } from './report.ts'
import { rolesSchema } from './role.ts'

const urlSchema = z.string().regex(/^(https?|wss?):\/\/\S+$/, 'expected an http(s) or ws(s) URL')
const relaySchema = z.strictObject({
  url: urlSchema,
  method: z.enum(['eth_sendPrivateTransaction', 'eth_sendBundle']).default('eth_sendPrivateTransaction'),
})

/** The history that detectors learn from before any block is judged, on the first start. docs/guides/restarts.md. */
const learnSchema = z
  .strictObject({
    /** Bundle files, read first. */
    files: z.array(z.string().min(1)).min(1).optional(),
    /** The node's blocks from this one on. */
    fromBlock: z.number().int().min(0).optional(),
    /** This many of the node's latest blocks. */
    blocks: z.number().int().min(1).optional(),
  })
  .refine(
    (learn) => Object.values(learn).some((value) => value !== undefined),
    'name files, fromBlock or blocks',
  )
  .refine(
    ({ fromBlock, blocks }) => fromBlock === undefined || blocks === undefined,
    'give fromBlock or blocks, not both',
  )

export const chainSchema = z.strictObject({
  chainId: z.number().int().positive(),
  name: z.string().optional(),
  /** In order of preference; when one fails, the next is used. */
  rpcUrls: z.array(urlSchema).min(1),
  /**
   * The first block to read when the chain was never watched; the latest block when left out. Earlier blocks teach the
   * detectors.
   */
  fromBlock: z.number().int().min(0).optional(),
  /** The deepest reorg that Cordon can follow, blocks. */
  window: z.number().int().min(2).max(100_000).default(256),
  /** Interval between requests for the head, milliseconds. */
  pollMs: z.number().int().min(10).default(500),
  /** Without a `finalized` tag a block this deep counts as final. */
  finalityDepth: z.number().int().min(1).default(64),
  /** Builders that accept private containment transactions; each transaction goes to all of them. */
  relays: z.array(relaySchema).default([]),
  /** Blocks after which a private transaction is sent to the public pool too. */
  publicAfterBlocks: z.number().int().min(0).default(2),
  /**
   * The maximum time for reading one block. After it, the block is judged with the data received; the rest is read in
   * parallel.
   */
  patience: z
    .strictObject({
      /** Share of the chain's own block time. */
      share: z.number().positive().max(10).default(PATIENCE.share),
      /** Bounds, milliseconds. */
      leastMs: z.number().int().min(50).default(PATIENCE.leastMs),
      mostMs: z.number().int().min(100).default(PATIENCE.mostMs),
    })
    .default(PATIENCE),
  /** Blocks that a node may re-execute to reach the state for a trace (`reexec`). */
  reexec: z.number().int().min(1).default(128),
  /** Watch pending transactions too. Needs `debug_traceCall`. */
  mempool: z.boolean().default(false),
  /** History that detectors learn from before any block is judged, when the chain was never watched. */
  learn: learnSchema.optional(),
  /** An alert counts as late where its block is more blocks or more seconds behind the head than these limits. */
  late: z
    .strictObject({
      blocks: z.number().int().min(2).default(20),
      seconds: z.number().int().min(1).default(60),
    })
    .default({ blocks: 20, seconds: 60 }),
  /** Minimum seconds between two snapshots of the detectors' states. */
  snapshotSeconds: z.number().int().min(0).default(60),
})

const protectedSchema = z.strictObject({
  address: givenAddressSchema,
  name: z.string().min(1).max(60).optional(),
  chainId: z.number().int().positive().optional(),
  /** The kind of protocol; derived from its functions when left out. It selects the playbooks. */
  kind: protocolKindSchema.optional(),
})

/** The location of a key: the name of a variable, a file or a service, never the key. A variable by default. */
const signerSchema = z.looseObject({ kind: z.string().default('env') }).pipe(registeredSchema)

/**
 * The parameters that decide whether Cordon acts alone. Costs and losses are shares of the value at stake in the
 * protected contract.
 */
const decisionSchema = z.strictObject({
  /** Minimum days between needless automatic actions: 7 by default, which the shipped calibration certifies (7.31). */
  actDays: z.number().positive().default(7),
  /** Attacks on the protected contracts that are expected per year. */
  attacksPerYear: z.number().positive().default(0.2),
  /** The cost of a needless pause, in basis points of the value at stake. */
  pauseCostBps: z.number().min(0).default(5),
})

/** A drill that `cordon start` runs automatically, in its own process on its own chain. */
const drillSchema = z.strictObject({
  every: z
    .string()
    .refine((text) => (durationMs(text) ?? 0) >= 3_600_000, 'a duration of an hour at least, as 12h or 7d'),
  attack: z.enum(attackKinds),
  /** `played` simulates the people of the playbook; neither option calls a real person. */
  people: z.enum(['none', 'played']).default('none'),
  mempool: z.boolean().default(false),
  /** False: nothing is signed in advance. */
  standing: z.boolean().default(true),
  /** How many times faster than real time the simulated people act. */
  pace: z.number().positive().default(60),
})

/**
 * The validated `cordon.config.ts`. Unknown fields are rejected, so a typo is an error. Options of channels, signers
 * and detectors are validated by their registrations.
 */
export const configSchema = z.strictObject({
  chains: z.array(chainSchema).min(1),
  protect: z.array(protectedSchema).default([]),
  roles: rolesSchema.default({}),
  /** Your identity for exchanges, issuers and responders. docs/guides/sharing.md. */
  reporter: reporterSchema.optional(),
  channels: z.record(z.string(), registeredSchema).default({ console: { kind: 'console' } }),
  signers: z.array(signerSchema).default([]),
  /** Signed in advance; without one Cordon proposes and people act. */
  authorisations: z.array(standingAuthorisationSchema).default([]),
  /** The people who must sign a decision; the first matching rule applies. docs/guides/approvals.md. */
  approvals: z.array(approvalRuleSchema).default([]),
  /** Options by detector id; docs/guides/detectors.md. */
  detectors: z.record(z.string(), z.unknown()).default({}),
  /** Detectors on trial: their findings are recorded, but cause no notification and no action. */
  shadow: z.array(z.string()).default([]),
  /** The output of `cordon calibrate`; by default `cordon.calibration.json` next to this file, else the shipped one. */
  calibration: z.string().optional(),
  decision: decisionSchema.prefault({}),
  /** Rule files, folders, or patterns such as `rules/*.yaml`; the shipped ones when left out. docs/guides/rules.md. */
  rules: z.array(z.string()).optional(),
  /** Address labels, files or folders; the shipped ones when left out. docs/guides/fund-flow.md. */
  labels: z.array(z.string()).optional(),
  /** ABI files, artifacts and metadata folders for `cordon investigate`; `ADDRESS=PATH` assigns one to a contract. */
  abis: z.array(z.string().min(1)).optional(),
  /** Files of 4-byte tables for `cordon investigate`. */
  signatures: z.array(z.string().min(1)).optional(),
  /** Token lists and price files for `cordon investigate`. docs/guides/amounts-and-prices.md. */
  tokens: z.array(z.string().min(1)).optional(),
  prices: z.array(z.string().min(1)).optional(),
  respond: z
    .strictObject({
      /** False: watch and record only. */
      enabled: z.boolean().default(true),
      /** Playbook files; the shipped ones when left out. */
      playbooks: z.array(z.string()).optional(),
      /** A transaction that could not be read and touches a protected contract, or whose sender makes traces fail. */
      blindSpots: z.enum(['page', 'record']).default('page'),
      /** Alerts below this are recorded without a run. */
      minSeverity: severitySchema.default('high'),
      /** The maximum number of times one lever is pulled without people. Later pulls wait for people, who are paged. */
      automaticPulls: z
        .strictObject({ most: z.number().int().min(1), within: durationSchema })
        .default({ most: 5, within: '24h' }),
    })
    .prefault({}),
  fees: z
    .strictObject({
      /** wei per gas unit */
      minPriorityFeePerGas: amountSchema.default(2_000_000_000n),
      maxFeePerGasCap: amountSchema.default(500_000_000_000n),
    })
    .default({ minPriorityFeePerGas: 2_000_000_000n, maxFeePerGasCap: 500_000_000_000n }),
  /** Drills on a schedule. docs/guides/drills.md. */
  drills: z.array(drillSchema).max(20).default([]),
  /** Where the embedded PostgreSQL and the reports live. `DATABASE_URL` replaces the embedded one. */
  dataDir: z.string().default('.cordon'),
  api: z.strictObject({ port: z.number().int().min(0).max(65_535).default(4480) }).default({ port: 4480 }),
})

/** The default parameters that decide whether Cordon acts alone. */
export const DEFAULT_DECISION = decisionSchema.parse({})

export type Config = z.infer<typeof configSchema>
export type ConfigInput = z.input<typeof configSchema>
export type ChainConfig = Config['chains'][number]

/** Where the configuration comes from; `none` means the drill. */
export type LoadedConfig =
  | { origin: 'none' }
  | { origin: 'file' | 'environment'; file: string | null; config: Config }

/** Stands for "ask the node": CORDON_RPC_URL names no chain. */
export const UNKNOWN_CHAIN = Number.MAX_SAFE_INTEGER

/** address → its name in the configuration. */
export function namesOf(config: Config): ReadonlyMap<Address, string> {
  return new Map(config.protect.flatMap(({ address, name }) => (name === undefined ? [] : [[address, name]])))
}

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

/** What a chain's past is learned from before anything is judged, on the first start. docs/guides/restarts.md. */
const learnSchema = z
  .strictObject({
    /** Bundle files, read first. */
    files: z.array(z.string().min(1)).min(1).optional(),
    /** The node's blocks from this one on. */
    fromBlock: z.number().int().min(0).optional(),
    /** The node's last so many blocks. */
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
  /** In order of preference; the next is asked when one fails. */
  rpcUrls: z.array(urlSchema).min(1),
  /** Where to begin when the chain was never watched; the latest block when left out. Earlier teaches the detectors. */
  fromBlock: z.number().int().min(0).optional(),
  /** Deepest reorg that can be followed, blocks. */
  window: z.number().int().min(2).max(100_000).default(256),
  /** How often the head is asked for, milliseconds. */
  pollMs: z.number().int().min(10).default(500),
  /** Without a `finalized` tag a block this deep counts as final. */
  finalityDepth: z.number().int().min(1).default(64),
  /** Builders that take containment transactions in private; all are given each. */
  relays: z.array(relaySchema).default([]),
  /** Blocks after which a transaction sent in private is sent to the public pool too. */
  publicAfterBlocks: z.number().int().min(0).default(2),
  /** How long reading one block may take before it is judged with what there is of it; the rest is read beside. */
  patience: z
    .strictObject({
      /** Share of the chain's own block time. */
      share: z.number().positive().max(10).default(PATIENCE.share),
      /** Bounds, milliseconds. */
      leastMs: z.number().int().min(50).default(PATIENCE.leastMs),
      mostMs: z.number().int().min(100).default(PATIENCE.mostMs),
    })
    .default(PATIENCE),
  /** Blocks that a node may execute again to reach the state for a trace (`reexec`). */
  reexec: z.number().int().min(1).default(128),
  /** Watch pending transactions too. Needs `debug_traceCall`. */
  mempool: z.boolean().default(false),
  /** History that detectors are shown before anything is judged, when the chain was never watched. */
  learn: learnSchema.optional(),
  /** An alert is found late where its block is more blocks behind the head than this, or more seconds. */
  late: z
    .strictObject({
      blocks: z.number().int().min(2).default(20),
      seconds: z.number().int().min(1).default(60),
    })
    .default({ blocks: 20, seconds: 60 }),
  /** Seconds at least between two times that the states of the detectors are kept. */
  snapshotSeconds: z.number().int().min(0).default(60),
})

const protectedSchema = z.strictObject({
  address: givenAddressSchema,
  name: z.string().min(1).max(60).optional(),
  chainId: z.number().int().positive().optional(),
  /** What it is in its trade; seen in its functions when left out. Playbooks are chosen by it. */
  kind: protocolKindSchema.optional(),
})

/** Where a key is: names of a variable, a file, a service, never the key. Without a kind it is a variable. */
const signerSchema = z.looseObject({ kind: z.string().default('env') }).pipe(registeredSchema)

/** What acting alone is weighed by. Costs and losses are shares of what is at stake in the protected contract. */
const decisionSchema = z.strictObject({
  /** Days between needless automatic actions, at least: 7 by default, which the shipped calibration certifies (7.31). */
  actDays: z.number().positive().default(7),
  /** Attacks on the protected contracts that are expected a year. */
  attacksPerYear: z.number().positive().default(0.2),
  /** What a needless pause costs, in basis points of what is at stake. */
  pauseCostBps: z.number().min(0).default(5),
})

/** A drill that `cordon start` runs by itself, in a process of its own on a chain of its own. */
const drillSchema = z.strictObject({
  every: z
    .string()
    .refine((text) => (durationMs(text) ?? 0) >= 3_600_000, 'a duration of an hour at least, as 12h or 7d'),
  attack: z.enum(attackKinds),
  /** `played` puts the human part of the playbook through its paces; nobody is called in either. */
  people: z.enum(['none', 'played']).default('none'),
  mempool: z.boolean().default(false),
  /** False: nothing is signed beforehand. */
  standing: z.boolean().default(true),
  /** How many times faster than life people are played. */
  pace: z.number().positive().default(60),
})

/**
 * `cordon.config.ts`, checked. Unknown fields are refused, so a typo is an error. Options of channels, signers and detectors
 * are checked by their registrations.
 */
export const configSchema = z.strictObject({
  chains: z.array(chainSchema).min(1),
  protect: z.array(protectedSchema).default([]),
  roles: rolesSchema.default({}),
  /** Who you are to exchanges, issuers and responders. docs/guides/sharing.md. */
  reporter: reporterSchema.optional(),
  channels: z.record(z.string(), registeredSchema).default({ console: { kind: 'console' } }),
  signers: z.array(signerSchema).default([]),
  /** Signed beforehand; without one Cordon proposes and people act. */
  authorisations: z.array(standingAuthorisationSchema).default([]),
  /** Who must sign what people decide; the first rule that fits holds. docs/guides/approvals.md. */
  approvals: z.array(approvalRuleSchema).default([]),
  /** Options by detector id; docs/guides/detectors.md. */
  detectors: z.record(z.string(), z.unknown()).default({}),
  /** Detectors that are only tried: their findings are put on record, nobody is called, nothing is done. */
  shadow: z.array(z.string()).default([]),
  /** What `cordon calibrate` wrote; `cordon.calibration.json` beside this file, else the shipped one, when left out. */
  calibration: z.string().optional(),
  decision: decisionSchema.prefault({}),
  /** Rule files, folders, or patterns as `rules/*.yaml`; the shipped ones when left out. docs/guides/rules.md. */
  rules: z.array(z.string()).optional(),
  /** Address labels, files or folders; the shipped ones when left out. docs/guides/fund-flow.md. */
  labels: z.array(z.string()).optional(),
  /** ABI files, artifacts and metadata folders for `cordon investigate`; `ADDRESS=PATH` says whose. */
  abis: z.array(z.string().min(1)).optional(),
  /** Files of 4-byte tables for `cordon investigate`. */
  signatures: z.array(z.string().min(1)).optional(),
  /** Token lists, and files of prices, for `cordon investigate`. docs/guides/amounts-and-prices.md. */
  tokens: z.array(z.string().min(1)).optional(),
  prices: z.array(z.string().min(1)).optional(),
  respond: z
    .strictObject({
      /** False: watch and record only. */
      enabled: z.boolean().default(true),
      /** Playbook files; the shipped ones when left out. */
      playbooks: z.array(z.string()).optional(),
      /** A transaction that could not be seen and touches a protected contract, or whose sender makes traces fail. */
      blindSpots: z.enum(['page', 'record']).default('page'),
      /** Alerts below this are recorded without a run. */
      minSeverity: severitySchema.default('high'),
      /** How often one lever is pulled without people, at most. What comes after it waits for people, and is paged. */
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

/** What acting alone is weighed by where no configuration says otherwise. */
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

/** address → what the config calls it. */
export function namesOf(config: Config): ReadonlyMap<Address, string> {
  return new Map(config.protect.flatMap(({ address, name }) => (name === undefined ? [] : [[address, name]])))
}

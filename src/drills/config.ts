import { toFunctionSelector } from 'viem'
import { authorisationTypedData } from '../contain/approval/authorise.ts'
import type { Signer } from '../contain/signers/signer.ts'
import { toJson } from '../kit/json.ts'
import type { Config } from '../model/config.ts'
import { configSchema } from '../model/config.ts'
import type { StandingAuthorisation } from '../model/containment.ts'
import type { Address, Hex } from '../model/hex.ts'
import { addressOf, drillAccount } from './accounts.ts'
import { artifactFile } from './artifacts.ts'
import type { DrillDeployment } from './deployment.ts'
import { writeDrillFile } from './home.ts'
import { drillSigner, drillTeam } from './team.ts'

export type DrillConfigOptions = {
  deployment: DrillDeployment
  rpcUrl: string
  dataDir: string
  apiPort: number
  respond: boolean
  mempool: boolean
  /** False: nothing was signed in advance, so people must sign. */
  standing?: boolean
  /**
   * The installation that the authorisation is for, if it is watched outside a drill; a drill's signature is valid in
   * no installation.
   */
  installation?: string | null
  /** Real people instead of the drill's. */
  roles?: Config['roles']
  channels?: Config['channels']
  /** Seconds since the epoch. */
  now: number
}

export type DrillConfiguration = { config: Config; signers: readonly Signer[] }

/** The configuration of a drill, as a team would write it for its own protocol, and the guardian’s signer. */
export async function drillConfig(options: DrillConfigOptions): Promise<DrillConfiguration> {
  const { deployment, rpcUrl, dataDir, apiPort, respond, mempool } = options
  const config = configSchema.parse({
    chains: [
      {
        chainId: deployment.chainId,
        name: 'drill',
        rpcUrls: [rpcUrl],
        fromBlock: deployment.firstBlock,
        pollMs: 50,
        mempool,
      },
    ],
    protect: [
      { address: deployment.optionsVault, name: 'OptionsVault' },
      { address: deployment.lendingMarket, name: 'LendingMarket' },
      { address: deployment.ethReserve, name: 'EthReserve' },
    ],
    ...peopleFor(options),
    authorisations: options.standing === false ? [] : [await standingAuthorisation(options)],
    // A drill day has its attack; and a week is the guarantee of the shipped calibration at 200 transactions per day.
    decision: { actDays: 7, attacksPerYear: 365 },
    respond: { enabled: respond },
    tokens: [await writeDrillFile(dataDir, 'drill-tokens.json', `${toJson(tokensOf(deployment), 2)}\n`)],
    abis: CONTRACTS.map((name) => artifactFile(name)),
    dataDir,
    api: { port: apiPort },
  })
  return { config, signers: [drillSigner('guardian')] }
}

/**
 * With real people, adds the guardian who signed for the drill's contracts: otherwise that signature would not count.
 */
function peopleFor({ roles, channels }: DrillConfigOptions): Partial<Pick<Config, 'roles' | 'channels'>> {
  if (roles === undefined) return { roles: drillTeam() }
  return {
    roles: { ...roles, guardian: [...(roles.guardian ?? []), ...(drillTeam().guardian ?? [])] },
    channels: { console: { kind: 'console' }, ...channels },
  }
}

/** The contracts whose ABIs a team would supply: its own. */
const CONTRACTS = ['OptionsVault', 'LendingMarket', 'EthReserve', 'TestToken'] as const

/** A token list of the drill's own chain, so that messages name USDC and ETH. */
function tokensOf({ chainId, usdc, acme }: DrillDeployment): object {
  return {
    name: 'the drill’s tokens',
    tokens: [
      { chainId, address: 'native', symbol: 'ETH', decimals: 18 },
      { chainId, address: usdc, symbol: 'USDC', decimals: 6 },
      { chainId, address: acme, symbol: 'ACME', decimals: 18 },
    ],
  }
}

const HOUR = 3_600

/**
 * The authorisation that the guardian signed before the drill: pause these three contracts, at most once each, for a
 * day.
 */
async function standingAuthorisation({
  deployment,
  now,
  installation = null,
}: DrillConfigOptions): Promise<StandingAuthorisation> {
  const targets: Address[] = [deployment.optionsVault, deployment.lendingMarket, deployment.ethReserve]
  const terms = {
    installation,
    chainId: deployment.chainId,
    targets,
    selectors: [toFunctionSelector('pause()') as Hex],
    maxActions: targets.length,
    validFrom: now - HOUR,
    validUntil: now + 24 * HOUR,
  }
  const signature = await drillAccount('guardian').signTypedData(authorisationTypedData(terms))
  return { ...terms, signer: addressOf('guardian'), signature }
}

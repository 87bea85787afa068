import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { type AddressLabels, labelsOn } from '../../files/address-labels.ts'
import { codeCreatedIn } from '../../forensics/actors/alike.ts'
import { type Known, type KnownCode, NOTHING_KNOWN, partRecord } from '../../forensics/actors/known.ts'
import { placedOf, type Suspect } from '../../forensics/investigate.ts'
import { withKnown } from '../../forensics/with-known.ts'
import { messageOf } from '../../kit/error.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { Investigation } from '../../model/investigation.ts'
import { minHash } from '../../model/minhash.ts'
import { outstanding } from './node-approvals.ts'
import { beginningsOf } from './node-origins.ts'
import { siblingsAt } from './node-scope.ts'
import { lastCodeOf, type Questions, startQuestions } from './questions.ts'
import type { BlockRecord } from './record.ts'

/** The inputs that an investigation may use besides its transactions. */
export type BeyondOptions = {
  /** Blocks around the attack that are read from a node; if set, the node is also asked for the actors' origins. */
  around?: number | undefined
  /** Watched and given contracts that are compared with the weak one; only a node has their code. */
  addresses?: readonly Address[]
  knownCode?: readonly KnownCode[]
  labels?: AddressLabels
  /** Other incidents on record. */
  incidents?: readonly { id: string; chainId: number; actors: readonly Address[] }[]
}

/** Maximum number of queries to a node in one investigation. */
const BUDGET = 3_000
const MOST_CODE = 50
/** Victims whose deployer is looked up: returning funds to a deployer counts as returning them. */
const MOST_VICTIMS = 3

type Looking = BeyondOptions & { suspects: readonly Suspect[]; record: BlockRecord; rpc: Rpc | null }

/** An investigation with the data about actors and scope from the record, the lists, the database and the node. */
export async function beyondTransactions(found: Investigation, looking: Looking): Promise<Investigation> {
  const { suspects, record, rpc, labels = [], incidents = [], knownCode = [] } = looking
  const { chainId } = found
  const hashes = new Set(suspects.map(({ tx }) => tx.transaction.hash))
  const known: Known = {
    ...NOTHING_KNOWN,
    ...partRecord(record.blocks, { hashes, chainId }),
    labels: labelsOn(labels, chainId),
    attackersCode: knownCode,
    incidents: incidents.filter((incident) => incident.chainId === chainId),
  }
  if (rpc === null) {
    const told = withKnown(found, { suspects, known: withRecordedCode(known, suspects, new Map()) })
    const missing =
      looking.addresses === undefined ? [] : ['other addresses were not compared: their code needs a node']
    return said(told, [...missing, ...limitsOf(looking, known)])
  }
  try {
    const questions = await startQuestions(rpc, BUDGET)
    const more = await askedOf(questions, { found, known, looking })
    const told = withKnown(found, { suspects, known: more })
    const scope = await scopeAt(questions, told, looking)
    return said({ ...told, scope }, [...questions.unknown, ...limitsOf(looking, known)])
  } catch (thrown) {
    // a node that stops answering costs the history, never the investigation
    const trouble = `the node stopped answering, actors and scope are those of the record: ${messageOf(thrown)}`
    return said(withKnown(found, { suspects, known }), [trouble, ...limitsOf(looking, known)])
  }
}

type Asking = { found: Investigation; known: Known; looking: Looking }

async function askedOf(questions: Questions, { found, known, looking }: Asking): Promise<Known> {
  const { suspects, around } = looking
  const { accounts, contracts } = found.attackers
  const first = suspects[0]?.facts.bundle.number ?? 0
  const created = codeCreatedIn([...known.before, ...placedOf(suspects)])
  const code = new Map<Address, Hex>()
  const wanted = [...contracts.slice(0, MOST_CODE), ...recordedContracts(known, accounts)]
  for (const address of wanted) {
    const bytes = created.has(address) ? undefined : await lastCodeOf(questions, address, first)
    if (bytes !== undefined) code.set(address, bytes)
  }
  const told = withRecordedCode({ ...known, code }, suspects, code)
  if (around === undefined) return told
  const victims = found.victims.slice(0, MOST_VICTIMS).map(({ address }) => address)
  const options = {
    accounts,
    contracts: [...contracts, ...victims],
    created: new Set(created.keys()),
    first,
    labels: known.labels,
  }
  return { ...told, ...(await beginningsOf(questions, options)) }
}

/** The contracts that other incidents name, except accounts that only sent. */
function recordedContracts({ incidents }: Known, accounts: readonly Address[]): Address[] {
  const named = new Set(incidents.flatMap(({ actors }) => actors))
  return [...named].filter((address) => !accounts.includes(address)).slice(0, MOST_CODE)
}

/** Adds the code of earlier incidents’ contracts to the known attackers’. */
function withRecordedCode(
  known: Known,
  suspects: readonly Suspect[],
  told: ReadonlyMap<Address, Hex>,
): Known {
  const code = new Map([...told, ...codeCreatedIn(known.before)])
  const own = new Set(placedOf(suspects).flatMap(({ tx }) => tx.transaction.to ?? []))
  const recorded = known.incidents.flatMap(({ id, actors }) =>
    actors.flatMap((address): KnownCode[] => {
      const bytes = own.has(address) ? undefined : code.get(address)
      const hash = bytes === undefined ? null : minHash(bytes)
      return hash === null ? [] : [{ name: `${address} of incident ${id}`, minHash: hash }]
    }),
  )
  return { ...known, attackersCode: [...known.attackersCode, ...recorded] }
}

async function scopeAt(
  questions: Questions,
  found: Investigation,
  { addresses, around = 0 }: Looking,
): Promise<Investigation['scope']> {
  const { scope, attackers, rootCause } = found
  const siblings = addresses === undefined ? undefined : await siblingsAt(questions, found, addresses)
  const weak = rootCause.contract === null ? [] : [rootCause.contract]
  const spenders = [...weak, ...attackers.contracts]
  const head = await getBlockNumber(questions.rpc)
  const open = await outstanding(questions, { seen: scope.approvals, spenders, window: around, head })
  return {
    ...scope,
    ...(siblings === undefined ? {} : { siblings }),
    approvals: open.approvals,
    exposure: open.exposure,
  }
}

function limitsOf({ record, around, rpc }: Looking, known: Known): string[] {
  return [
    ...record.trouble,
    ...(record.dropped > 0
      ? [
          `the first ${record.dropped} blocks of the record are more than was kept: what began there is not known`,
        ]
      : []),
    ...(known.before.length === 0 && around === undefined
      ? [
          `nothing before these transactions was read: who funded and deployed is not known${rpc === null ? '' : ' (--around BLOCKS)'}`,
        ]
      : []),
  ]
}

function said(found: Investigation, more: readonly string[]): Investigation {
  return { ...found, unexplained: [...new Set([...found.unexplained, ...more])].slice(0, 200) }
}

import type { Asset, Frame } from '../../model/block.ts'
import { NATIVE } from '../../model/block.ts'
import type { ActionFact, ActionKind, AssetAmount } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import { implementationOf } from '../implementation.ts'
import { type Issue, type Visit, type Visits, visitAround } from '../visits.ts'

/** Tokens issued or redeemed by one token, related to the visit that moved assets for them. */
type Exchange = {
  visit: Visit
  token: Address
  amount: bigint
  /** The account that received or gave most of it. */
  holder: Address
  most: bigint
  minted: boolean
}

/**
 * Actions derived from the movements, whatever the contract's name: for issued claims, assets came in (deposit) or went
 * out (borrow); for redeemed claims, assets went out (withdraw) or came in (repay); and loans that were returned before
 * the lender's call ended (flash loan). In frame order.
 */
export function actionsByShape(visits: Visits, frames: readonly Frame[]): ActionFact[] {
  const actions: ActionFact[] = []
  if (visits.issues.length > 0)
    for (const exchange of exchangesOf(visits, frames)) {
      const action = exchangeAction(exchange, frames)
      if (action !== undefined) actions.push(action)
    }
  actions.push(...allLoans(visits, frames))
  return actions.sort((a, b) => a.frame - b.frame)
}

/** Claims belong to the token itself where assets moved in its visit, else to the contract that called it. */
function exchangesOf(visits: Visits, frames: readonly Frame[]): Iterable<Exchange> {
  const exchanges = new Map<string, Exchange>()
  for (const { transfer, visit: own } of visits.issues) {
    const visit = movedIn(own) ? own : callersVisit(own, visits, frames)
    if (visit === undefined || transfer.amount === 0n) continue
    const minted = transfer.from === ZERO_ADDRESS
    const key = `${visit.account}${visit.entry.index}${transfer.asset}${minted}`
    const holder = minted ? transfer.to : transfer.from
    // A holder of another contract's claims, neither received nor passed on in this visit, is that contract's customer.
    if (visit !== own && visit.account === holder && !visit.net.get(transfer.asset)) continue
    const known = exchanges.get(key)
    if (known === undefined)
      exchanges.set(key, {
        visit,
        token: own.account,
        amount: transfer.amount,
        holder,
        most: transfer.amount,
        minted,
      })
    else {
      known.amount += transfer.amount
      if (transfer.amount > known.most) Object.assign(known, { holder, most: transfer.amount })
    }
  }
  return exchanges.values()
}

function movedIn({ net, account }: Visit): boolean {
  for (const [asset, amount] of net) if (amount !== 0n && asset !== account) return true
  return false
}

function callersVisit(
  { entry }: Issue['visit'],
  visits: Visits,
  frames: readonly Frame[],
): Visit | undefined {
  const caller = frames[entry.parent]?.context
  return caller === null || caller === undefined
    ? undefined
    : visitAround(caller, entry.parent, { visits, frames })
}

function exchangeAction(exchange: Exchange, frames: readonly Frame[]): ActionFact | undefined {
  const { visit, token, amount, holder, minted } = exchange
  const { given, taken } = sidesOf(visit, token)
  const [only] = given.length > 0 ? given : taken
  if (only === undefined || (given.length > 0 && taken.length > 0)) return undefined
  const claims = { asset: token, amount }
  const act = (action: ActionKind, sides: { given: AssetAmount[]; taken: AssetAmount[] }): ActionFact =>
    shaped({ action, visit, beneficiary: holder, frames, ...sides })
  if (isWrap(exchange, given.length > 0 ? given : taken)) return undefined
  if (minted && given.length > 0) return act('deposit', { given, taken: [claims] })
  if (!minted && taken.length > 0) return act('withdraw', { given: [claims], taken })
  // Debt is denominated in the asset's own units; a reward minted together with a payout is not.
  if (given.length + taken.length !== 1 || !isAbout(amount, only.amount)) return undefined
  return act(minted ? 'borrow' : 'repay', { given, taken })
}

/** One for one against the coin: the transfers already show everything. */
function isWrap({ visit, token, amount }: Exchange, moved: readonly AssetAmount[]): boolean {
  const [only] = moved
  return moved.length === 1 && only?.asset === NATIVE && only.amount === amount && visit.account === token
}

/** Debt tokens are minted with the interest due since the last time, burned minus it: one percent is a year of that. */
function isAbout(claims: bigint, moved: bigint): boolean {
  const apart = claims > moved ? claims - moved : moved - claims
  return apart * 100n <= moved
}

/** The movements during a visit, without the contract's own shares and `token`. */
function sidesOf({ net, account }: Visit, token: Asset): { given: AssetAmount[]; taken: AssetAmount[] } {
  const given: AssetAmount[] = []
  const taken: AssetAmount[] = []
  for (const [asset, amount] of net) {
    if (asset === token || asset === account) continue
    if (amount > 0n) given.push({ asset, amount })
    else if (amount < 0n) taken.push({ asset, amount: -amount })
  }
  return { given, taken }
}

/** A contract visited more often than this is examined per visit: a borrower that repays by a call is then missed. */
const MOST_VISITS = 64

function allLoans({ byKey, issues }: Visits, frames: readonly Frame[]): ActionFact[] {
  const claims = new Set<string>()
  for (const { transfer } of issues) claims.add(transfer.asset + transfer.to)
  const byAccount = new Map<Address, Visit[]>()
  for (const visit of byKey.values()) {
    const known = byAccount.get(visit.account)
    if (known === undefined) byAccount.set(visit.account, [visit])
    else known.push(visit)
  }
  const found: ActionFact[] = []
  for (const visits of byAccount.values()) {
    const within = visits.length <= MOST_VISITS ? visits : []
    for (const visit of visits) found.push(...loansOf(withInner(visit, within), frames, claims))
  }
  return found
}

/** A borrower may repay by calling the lender: that is a visit inside the visit. */
function withInner(visit: Visit, visits: readonly Visit[]): Visit {
  const { index, end } = visit.entry
  const inner = visits.filter(({ entry }) => entry.index > index && entry.index < end)
  if (inner.length === 0) return visit
  const moves = [visit, ...inner].flatMap((it) => it.moves).sort((a, b) => a.frame - b.frame)
  return { ...visit, moves }
}

type Loan = { lent: bigint; to: Address; from: number; back: bigint; until: number }

const NO_LOANS: readonly ActionFact[] = []

/** A payment, a callback, and a return of at least as much before the visit ends. */
function loansOf(visit: Visit, frames: readonly Frame[], claims: ReadonlySet<string>): readonly ActionFact[] {
  if (visit.moves.length < 2) return NO_LOANS
  const loans = new Map<Asset, Loan>()
  for (const { asset, from, to, amount, frame } of visit.moves) {
    if (asset === visit.account || amount === 0n || from === to) continue
    const loan = loans.get(asset)
    if (loan !== undefined && to === visit.account) {
      if (!isBorrower(from, loan, visit)) continue
      loan.back += amount
      loan.until = frame
    } else if (from === visit.account) {
      if (loan === undefined) loans.set(asset, { lent: amount, to, from: frame, back: 0n, until: frame })
      else if (loan.back === 0n) loan.lent += amount
    }
  }
  const actions: ActionFact[] = []
  for (const [asset, loan] of loans) {
    if (loan.back < loan.lent || !isChosen(loan.to, visit) || !hadControl(visit, loan, frames)) continue
    // The coin was put into a wrapper and taken out again: the payer held claims on it meanwhile.
    if (asset === NATIVE && claims.has(loan.to + visit.account)) continue
    const taken = [{ asset, amount: loan.lent }]
    const given = [{ asset, amount: loan.back }]
    actions.push(shaped({ action: 'flash-loan', visit, beneficiary: loan.to, frames, given, taken }))
  }
  return actions
}

/**
 * The payer of the return is the receiver or the account that asked. A trader's proceeds come from elsewhere: a cycle
 * through pools.
 */
function isBorrower(payer: Address, { to }: Loan, { entry }: Visit): boolean {
  return to === entry.from || payer === to || payer === entry.from
}

/** The receiver of a loan is named by the caller; a vault's payment to its own strategy and back is not a loan. */
function isChosen(receiver: Address, { entry }: Visit): boolean {
  return receiver === entry.from || entry.input.includes(receiver.slice(2))
}

/** True where the lender called the receiver, or the account that asked, between the payment and its return. */
function hadControl(visit: Visit, { to, from, until }: Loan, frames: readonly Frame[]): boolean {
  for (let i = Math.max(from, visit.entry.index + 1); i <= until; i++) {
    const frame = frames[i]
    if (frame?.type !== 'CALL' || frame.from !== visit.account || frame.end === i + 1) continue
    if (frame.to === to || frame.to === visit.entry.from) return true
  }
  return false
}

type Shaped = {
  action: ActionKind
  visit: Visit
  beneficiary: Address
  frames: readonly Frame[]
  given: readonly AssetAmount[]
  taken: readonly AssetAmount[]
}

function shaped({ action, visit, beneficiary, frames, given, taken }: Shaped): ActionFact {
  const { account, entry } = visit
  return {
    kind: 'action',
    action,
    contract: account,
    implementation: implementationOf(account, entry.index, frames),
    actor: entry.from,
    beneficiary,
    given,
    taken,
    protocol: null,
    source: 'shape',
    frame: entry.index,
  }
}

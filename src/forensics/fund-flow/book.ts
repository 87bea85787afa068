import { carve, clean, isAlike, merge, NOTHING, type Parcel, split, taintedOf } from './parcel.ts'

/**
 * The holding of an account in one asset, oldest first. With at most one lot it is haircut: everything is mixed. With
 * many it is FIFO: first in, first out.
 */
export type Book = { lots: Parcel[] }

/** The order in which a holding is spent: as the method defines, or with the clean (the tainted) first. */
export type Spending = 'as-held' | 'clean-first' | 'tainted-first'

/** Appends parcels to the holding. Beyond `most` lots the newest are mixed. */
export function put(book: Book, parcels: readonly Parcel[], most: number): void {
  const { lots } = book
  for (const parcel of parcels) {
    if (parcel.amount === 0n && parcel.parts.length === 0) continue
    const last = lots[lots.length - 1]
    if (last !== undefined && (lots.length >= most || isAlike(last, parcel)))
      lots[lots.length - 1] = merge([last, parcel])
    else lots.push(parcel)
  }
}

/** Takes an amount out. Any excess over the known holding existed before the first read: it is clean. */
export function take(book: Book, amount: bigint, spending: Spending): Parcel[] {
  if (spending !== 'as-held') return takeChosen(book, amount, spending)
  const taken: Parcel[] = []
  let left = amount
  let used = 0
  for (const lot of book.lots) {
    if (left === 0n) break
    const [piece, rest] = split(lot, left)
    taken.push(piece)
    left -= piece.amount
    if (rest.amount > 0n) book.lots[used] = rest
    else used++
  }
  book.lots.splice(0, used)
  if (left > 0n) taken.push(clean(left))
  return taken
}

function takeChosen(book: Book, amount: bigint, spending: Spending): Parcel[] {
  const all = merge(book.lots)
  const tainted = taintedOf(all)
  const spared = spending === 'clean-first' ? all.amount - tainted : 0n
  const wanted = amount > spared ? amount - spared : 0n
  const [piece, rest] = carve(all, amount, wanted < tainted ? wanted : tainted)
  book.lots = rest === NOTHING ? [] : [rest]
  return amount > piece.amount ? [piece, clean(amount - piece.amount)] : [piece]
}

export function isTainted({ lots }: Book): boolean {
  return lots.some(({ parts }) => parts.length > 0)
}

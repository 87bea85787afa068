/**
 * Maximum characters per line of a bundle file, unpacked: a block with receipts and traces. A busy one has 5 million.
 */
export const LONGEST_LINE = 64 * 2 ** 20

/** Minimum characters per object or list; blocks have a hundred and more. */
export const MOST_PER_ITEM = 16

/** Lines below this length are small, whatever their content. */
const SMALL = 2 ** 20

/** True for JSON that would take many times its length once parsed: an excess of empty objects and lists. */
export function isCrowded(text: string): boolean {
  if (text.length < SMALL) return false
  let left = text.length / MOST_PER_ITEM
  for (const opening of ['{', '['])
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1))
      if (--left < 0) return true
  return false
}

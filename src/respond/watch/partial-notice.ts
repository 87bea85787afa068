import type { BlockBundle, SourceNotice } from '../../model/block.ts'

/** The text about the missing parts of a block, with reasons. */
export function partialNotice(
  { number, gaps }: Pick<BlockBundle, 'number' | 'gaps'>,
  blindDetectors: readonly string[] = [],
): SourceNotice {
  const lacking = (missing: 'traces' | 'receipt', words: string): string[] => {
    const count = gaps.filter((gap) => gap.missing === missing).length
    return count === 0
      ? []
      : [`${count} ${count === 1 ? 'transaction has' : 'transactions have'} no ${words}`]
  }
  const lacks = [...lacking('traces', 'trace'), ...lacking('receipt', 'receipt')].join(', ')
  const blind = blindDetectors.length === 0 ? '' : ` ${blindDetectors.length} detectors could not judge them.`
  return {
    code: 'block-partial',
    message: `Block ${number} was read in part: ${lacks} (${gaps[0]?.reason ?? 'no reason is known'}).${blind} It is read again.`,
    facts: { block: number, gaps, blindDetectors },
  }
}

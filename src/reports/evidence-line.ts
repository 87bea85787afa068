import type { Line } from './document.ts'
import { text } from './document.ts'
import { type Names, prose } from './parts.ts'

/** The content of a piece of evidence beyond the statement that it supports. */
export function evidenceLine(
  said: string,
  { statement, frames }: { readonly statement: string; readonly frames: readonly number[] },
  names: Names,
): Line {
  const places = frames.length > 0 ? `frames ${frames.slice(0, 20).join(', ')}` : ''
  const isSame = said.replace(/\.$/, '') === statement.replace(/\.$/, '')
  if (isSame && places !== '') return [text(`Seen in ${places}`)]
  return prose(`${statement}${places === '' ? '' : ` — ${places}`}`, names)
}

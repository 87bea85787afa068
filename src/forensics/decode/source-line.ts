import { type Signature, typeText } from './abi-type.ts'

/** A source file as the compiler received it. */
export type SourceFile = { path: string; content: string }
/** A line of a source file, from 1. */
export type SourcePlace = { file: string; line: number }

/** Longer files are machine-made or hostile. */
const MOST_CHARACTERS = 2_000_000

/**
 * The place where a function is defined, with a body, in Solidity or Vyper: by its name and the number of its
 * parameters, among several by their types. The first file takes precedence, so give the compilation target first.
 * Undefined if it is not found.
 */
export function definitionOf(signature: Signature, sources: readonly SourceFile[]): SourcePlace | undefined {
  let best: { place: SourcePlace; fit: number } | undefined
  for (const { path, content } of sources) {
    if (content.length > MOST_CHARACTERS) continue
    const code = withoutComments(content)
    for (const { index, parameters } of definitionsIn(code, signature.name)) {
      if (parameters.length !== signature.inputs.length) continue
      const fit = signature.inputs.filter(
        ({ type }, i) => wordOf(parameters[i] ?? '') === typeText(type),
      ).length
      if (best !== undefined && best.fit >= fit) continue
      best = { place: { file: path, line: code.slice(0, index).split('\n').length }, fit }
    }
  }
  return best?.place
}

type Definition = { index: number; parameters: string[] }

/** The bounds keep a source without ends from being read again at each beginning. */
function definitionsIn(code: string, name: string): Definition[] {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return []
  const escaped = name.replaceAll('$', '\\$')
  const solidity = new RegExp(`\\bfunction\\s+${escaped}\\s*\\(([^()]{0,9000})\\)[^;{}]{0,2000}\\{`, 'g')
  const vyper = new RegExp(`^def\\s+${escaped}\\s*\\(([^()]{0,9000})\\)[^:]{0,2000}:`, 'gm')
  return [...code.matchAll(solidity), ...code.matchAll(vyper)].map(({ index, 1: list = '' }) => ({
    index,
    parameters: list.split(',').filter((parameter) => parameter.trim() !== ''),
  }))
}

/** The type of a parameter as signatures write it; Vyper writes it after the name. */
function wordOf(parameter: string): string {
  const [before = '', after] = parameter.trim().split(':')
  const type = (after ?? before).trim().split(/\s+/)[0] ?? ''
  return type.replace(/^(u?int)(?=\[|$)/, '$1256')
}

/** Replaces comments and strings by blanks, so that positions stay. Scanned once from left to right. */
function withoutComments(text: string): string {
  const hidden = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|^[ \t]*#[^\n]*/gm
  return text.replace(hidden, (found) => found.replace(/[^\n]/g, ' '))
}

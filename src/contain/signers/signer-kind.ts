import type { z } from 'zod'
import type { Signer } from '../signer.ts'

/** What opening a signer may use of the world. */
export type SignerTools = {
  /** The secret in an environment variable that an option names. Throws `app.SecretMissing`. */
  secret: (variable: string, option: string) => string
}

/**
 * A kind of signer: all that the program knows of it. Options are the fields beside `kind` in `signers` of the
 * configuration: names of variables, files and keys, never a secret. A new kind is one file here and one line in
 * `registry.ts` (docs/guides/extending.md).
 */
export type SignerKind<Options = unknown> = {
  kind: string
  options: z.ZodType<Options>
  open(options: Options, tools: SignerTools): Promise<Signer>
  /** What it is made from, for people. */
  from(options: Options): string
}

/** Keeps the name and the types of the options while a kind is written down. */
export function signerKind<K extends string, S extends z.ZodType>(
  kind: Omit<SignerKind<z.output<S>>, 'kind' | 'options'> & { kind: K; options: S },
): typeof kind {
  return kind
}

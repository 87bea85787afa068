import type { z } from 'zod'
import type { Signer } from './signer.ts'

/** The tools that a signer may use while it is opened. */
export type SignerTools = {
  /** The secret in an environment variable that an option names. Throws `app.SecretMissing`. */
  secret: (variable: string, option: string) => string
}

/**
 * A kind of signer: everything that the program knows about it. Options are the fields next to `kind` in `signers` of
 * the configuration: names of variables, files and keys, never a secret. A new kind is one file here and one line in
 * `registry.ts` (docs/guides/extending.md).
 */
export type SignerKind<Options = unknown> = {
  kind: string
  options: z.ZodType<Options>
  open(options: Options, tools: SignerTools): Promise<Signer>
  /** Its source, for people. */
  from(options: Options): string
}

/** Preserves the name and the option types of a kind in its definition. */
export function signerKind<K extends string, S extends z.ZodType>(
  kind: Omit<SignerKind<z.output<S>>, 'kind' | 'options'> & { kind: K; options: S },
): typeof kind {
  return kind
}

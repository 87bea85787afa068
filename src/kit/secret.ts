import { CordonError } from './error.ts'

/** Environment variables by name. */
export type Env = Readonly<Record<string, string | undefined>>

/** A secret from the environment; `field` names the setting that requires it. Throws `app.SecretMissing`. */
export function secretOf(env: Env, name: string, field: string): string {
  const value = env[name]
  if (value !== undefined && value !== '') return value
  throw new CordonError({
    code: 'app.SecretMissing',
    message: `The environment variable ${name} is not set.`,
    facts: { variable: name, field },
    fix: `Set ${name}, or remove ${field} from cordon.config.ts.`,
  })
}

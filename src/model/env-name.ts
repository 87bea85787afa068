import { z } from 'zod'

/**
 * The name of an environment variable: where a setting needs a secret, the configuration names the variable and never
 * contains the secret.
 */
export const envNameSchema = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, 'expected the name of an environment variable, not its value')

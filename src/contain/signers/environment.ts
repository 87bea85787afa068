import { z } from 'zod'
import { envNameSchema } from '../../model/env-name.ts'
import { keySigner } from './signer.ts'
import { signerKind } from './signer-kind.ts'

/** A private key in an environment variable. */
export const environmentKind = signerKind({
  kind: 'env',
  options: z.strictObject({ env: envNameSchema }),
  open: async ({ env }, { secret }) => keySigner(secret(env, 'env')),
  from: ({ env }) => env,
})

import { z } from 'zod'

/** A CursorMove: blocks of a chain that a person had left out. */
export const cursorMoveSchema = z.object({
  position: z.number().int(),
  chainId: z.number().int(),
  /** The first block that is left out. */
  from: z.number().int(),
  /** The block that reading goes on with. */
  to: z.number().int(),
  author: z.string(),
  reason: z.string(),
  /** Milliseconds since the epoch. */
  movedAt: z.number().int(),
})
export type CursorMove = z.infer<typeof cursorMoveSchema>

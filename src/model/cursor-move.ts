import { z } from 'zod'

/** A CursorMove: blocks of a chain that a person skipped. */
export const cursorMoveSchema = z.object({
  position: z.number().int(),
  chainId: z.number().int(),
  /** The first skipped block. */
  from: z.number().int(),
  /** The block at which reading continues. */
  to: z.number().int(),
  author: z.string(),
  reason: z.string(),
  /** Milliseconds since the epoch. */
  movedAt: z.number().int(),
})
export type CursorMove = z.infer<typeof cursorMoveSchema>

import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { ask } from '../../contain/reading/call.ts'
import { type Permissions, permissionsFor, transactionBatch } from '../../contain/routes/permissions.ts'
import { roleKeyOf } from '../../contain/routes/roles-route.ts'
import type { Config } from '../../model/config.ts'
import type { Address } from '../../model/hex.ts'
import { leversOf, onFirstChain } from './presign.ts'

export type PermitOptions = {
  config: Config
  target: Address
  safe: Address
  modifier: Address
  member: Address
  role: string
}

export type Permit = Permissions & { chainId: number; batch: Record<string, unknown> }

/**
 * The minimum that a Safe must allow so that a member of a Zodiac role may pull each lever of a contract that the Safe
 * may pull, as a batch for the Safe's transaction builder. Sends nothing. Throws the errors of the chain room.
 */
export async function permitFor(options: PermitOptions): Promise<Permit> {
  const { config, target, safe, modifier, member, role } = options
  return onFirstChain(config, async (rpc, chainId) => {
    const block = await getBlockNumber(rpc)
    const levers = await leversOf({ rpc, block }, { chainId, target, caller: safe })
    const view = 'isModuleEnabled(address module) view returns (bool)'
    const enabled = await ask({ rpc, block }, { to: safe, view, args: [modifier] })
    const permissions = permissionsFor({
      safe,
      modifier,
      member,
      roleKey: roleKeyOf(role),
      levers,
      isEnabled: enabled?.[0] === true,
    })
    const name = `Cordon: ${member} may pause ${target}`
    return { ...permissions, chainId, batch: transactionBatch({ chainId, safe, name }, permissions.calls) }
  })
}

import { bytesToHex } from 'viem'
import type { Signer } from '../contain/signers/signer.ts'
import { keySigner } from '../contain/signers/signer.ts'
import { assert } from '../kit/assert.ts'
import type { Roles } from '../model/role.ts'
import { addressOf, type DrillRole, drillAccount } from './accounts.ts'

/** The people of a drill, all fictional. Those who decide about levers have an address. */
export function drillTeam(): Roles {
  const channels = ['console']
  return {
    'incident-leader': [{ name: 'Ilse (drill)', channels, address: addressOf('incidentLeader') }],
    operations: [{ name: 'Omar (drill)', channels }],
    communications: [{ name: 'Cleo (drill)', channels }],
    guardian: [{ name: 'Gus (drill)', channels, address: addressOf('guardian') }],
    'protocol-lead': [{ name: 'Priya (drill)', channels }],
    auditor: [{ name: 'Aldo (drill)', channels }],
  }
}

/** The keys of the played people. */
export function teamSigners(): Signer[] {
  return [drillSigner('guardian'), drillSigner('incidentLeader')]
}

/** The drill's keys come from the test mnemonic that every anvil has: worth nothing anywhere else. */
export function drillSigner(role: DrillRole): Signer {
  const { privateKey } = drillAccount(role).getHdKey()
  assert(privateKey !== null, 'a drill account has a private key')
  return keySigner(bytesToHex(privateKey))
}

import { defineConfig } from 'cordon/config'

export default defineConfig({
  chains: [
    {
      chainId: 1,
      name: 'mainnet',
      // The first that answers is used; the others stand by and are compared with it.
      rpcUrls: ['http://127.0.0.1:8545', 'ws://127.0.0.1:8546'],
      // Where your protocol was deployed: the detectors learn from its whole past.
      fromBlock: 19_000_000,
      mempool: true,
    },
  ],
  protect: [
    { address: '0x1111111111111111111111111111111111111111', name: 'Vault' },
    { address: '0x2222222222222222222222222222222222222222', name: 'LendingMarket' },
  ],
  roles: {
    'incident-leader': [{ name: 'Ilse', channels: ['console', 'pager'] }],
    operations: [{ name: 'Omar', channels: ['pager'] }],
    communications: [{ name: 'Cleo', channels: ['pager'] }],
    guardian: [{ name: 'Gus', channels: ['pager'], address: '0x3333333333333333333333333333333333333333' }],
    'protocol-lead': [{ name: 'Priya', channels: ['pager'] }],
    auditor: [{ name: 'Ada', channels: ['pager'] }],
  },
  channels: {
    console: { kind: 'console' },
    pager: { kind: 'webhook', url: 'https://pager.example/hooks/cordon', secretEnv: 'PAGER_WEBHOOK_SECRET' },
  },
  // The key itself stands only in the environment.
  signers: [{ env: 'GUARDIAN_KEY' }],
  // Without a standing authorisation (npx cordon levers authorize) Cordon proposes and people act.
  authorisations: [],
})

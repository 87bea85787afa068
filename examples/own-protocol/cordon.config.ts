import { defineConfig } from 'cordon/config'

export default defineConfig({
  chains: [
    {
      chainId: 31337,
      name: 'anvil',
      rpcUrls: [process.env['RPC_URL'] ?? 'http://127.0.0.1:8545'],
      // where the vaults were deployed: the detectors learn from their whole past
      fromBlock: 0,
    },
  ],
  protect: [
    { address: '0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512', name: 'EverydaySavings' },
    { address: '0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0', name: 'HolidaySavings' },
  ],
  roles: {
    'incident-leader': [{ name: 'Ilse', channels: ['pager'] }],
    operations: [{ name: 'Omar', channels: ['pager'] }],
    communications: [{ name: 'Cleo', channels: ['pager'] }],
    guardian: [{ name: 'Gus', channels: ['pager'], address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' }],
    'protocol-lead': [
      { name: 'Priya', channels: ['pager'], address: '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC' },
    ],
    auditor: [{ name: 'Ada', channels: ['pager'] }],
  },
  channels: {
    pager: {
      kind: 'webhook',
      url: process.env['PAGER_URL'] ?? 'http://127.0.0.1:4490/',
      secretEnv: 'PAGER_SECRET',
    },
  },
  // The guardian's key pauses; the owner's opens again, once two people have signed for it.
  signers: [{ env: 'GUARDIAN_KEY' }, { env: 'OWNER_KEY' }],
  dataDir: process.env['DATA_DIR'] ?? '.cordon',
  api: { port: 0 },
})
